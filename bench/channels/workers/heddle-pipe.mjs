// The child at the other end of a pipe: follows its orders, blocking, until the end of file.
import { kinds } from '../items.mjs';

export function servePipe(end) {
  for (;;) {
    let order;
    try {
      order = end.recvSync();
    } catch (error) {
      if (error.name !== 'EOFError') throw error;
      return;
    }
    const [verb, count] = order;
    if (verb === 'turns') for (let n = 0; n < count; n++) end.sendSync(end.recvSync());
    else sendAll(end, verb, count);
  }
}

function sendAll(end, what, count) {
  const { make } = kinds[what];
  const isBytes = what === 'mebibytes' || what === 'kibibytes';
  for (let n = 0; n < count; n++) {
    if (isBytes) end.sendBytesSync(make(n));
    else end.sendSync(make(n));
  }
}
