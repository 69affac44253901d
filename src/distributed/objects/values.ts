/**
 * Values of queues and maps as bytes: the codec of all borders, for a receiver that may be on another machine.
 *
 *   2  packet                                  no module is named, and nothing is signed
 *   a message of envelope.ts, head { home, modules }, one part: the packet
 *
 * What a value names is looked for in the program of the receiver: a class of `app/shapes.js` is that of its own `app/shapes.js`.
 */

import { checkBoolean } from '../../check.ts';
import { arriving, type Border, decode, Encoder, prepare } from '../../codec/index.ts';
import { AuthenticationError } from '../../errors.ts';
import { TypeError } from '../../refusals.ts';
import { Seal } from '../server/envelope.ts';
import type { Home } from '../tasks/messages.ts';
import { readKey } from '../options.ts';
import { arrivalFrom, homeOfProgram } from '../tasks/release.ts';

/** The permitted values, and the way in which they are signed. */
export interface DistributedValueOptions {
  /**
   * The secret of all that use the object: at least 16 bytes, as text or bytes. Values are signed by it, and others are refused. Without one a value may name
   * classes and functions of the program's own modules, and none of packages. Default: the environment variable `HEDDLE_AUTHKEY`.
   */
  readonly authkey?: string | Uint8Array | undefined;
  /** Permits values with functions and classes that no module exports, which travel as source. It needs an `authkey`. Default false. */
  readonly allowFunctions?: boolean | undefined;
}

export const valueKeys: readonly string[] = ['authkey', 'allowFunctions'];

interface Head {
  readonly home?: Home | undefined;
  readonly modules?: readonly string[] | undefined;
}

const BARE = 2;
const none: readonly string[] = [];

export class Values {
  readonly #seal: Seal;
  readonly #purpose: string;
  readonly #border: Border;
  readonly #takesSource: boolean;

  /**
   * @param purpose of the signature: the object whose values they are
   * @throws TypeError, RangeError for options that cannot be
   */
  constructor(purpose: string, options: DistributedValueOptions | undefined) {
    const { allowFunctions } = options ?? {};
    checkBoolean(allowFunctions, 'allowFunctions');
    const key = readKey(options?.authkey ?? process.env['HEDDLE_AUTHKEY']);
    if (allowFunctions === true && key === undefined)
      throw new TypeError(
        'expected authkey to be a secret, as allowFunctions is true, got undefined: source is taken only from values that are signed',
      );
    this.#seal = new Seal(key);
    this.#purpose = purpose;
    this.#takesSource = allowFunctions === true;
    this.#border = { kind: 'network', code: this.#takesSource };
  }

  /** @throws SerializationError if the value cannot cross; the message says where and what */
  pack(value: unknown, root: string): Buffer {
    const encoder = new Encoder({ border: this.#border });
    encoder.add(value, root);
    const { bytes, modules } = encoder.finish();
    if (modules.length === 0 && !this.#seal.hasKey) {
      const message = Buffer.allocUnsafe(1 + bytes.length);
      message[0] = BARE;
      message.set(bytes, 1);
      return message;
    }
    const head: Head = modules.length === 0 ? {} : { home: homeOfProgram(), modules };
    return this.#seal.close(this.#purpose, head, [bytes]);
  }

  /**
   * @throws AuthenticationError if there is an authkey and the value is not signed by it
   * @throws SerializationError if the bytes are damaged, or something in the value is not there in this program
   */
  async open(message: Buffer): Promise<unknown> {
    if (message[0] === BARE) {
      if (this.#seal.hasKey) throw new AuthenticationError('the value is not signed, and there is an authkey here');
      return this.#decode(message.subarray(1), undefined, none, false);
    }
    const { head, parts, isSigned } = this.#seal.open<Head>(this.#purpose, message);
    return this.#decode(parts[0] ?? Buffer.alloc(0), head.home, head.modules ?? none, isSigned);
  }

  async #decode(bytes: Buffer, home: Home | undefined, modules: readonly string[], isSigned: boolean): Promise<unknown> {
    const own = homeOfProgram();
    const arrival = arrivalFrom(home ?? own, own, { isTrusted: isSigned, takesSource: isSigned && this.#takesSource });
    if (modules.length > 0) await arriving(arrival, () => prepare({ modules }));
    return arriving(arrival, () => decode({ bytes, attachments: [] }, this.#border));
  }
}
