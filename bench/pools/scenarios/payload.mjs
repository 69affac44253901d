import { expect, inFlight, timed, warmUp } from '../../measure.mjs';

const KIB = 1024;
const MIB = KIB * KIB;

/** Key of the figure → size of one payload, how many, how many under way at once. */
const SIZES = {
  kib: { size: KIB, count: 10_000, limit: 64 },
  kib64: { size: 64 * KIB, count: 1600, limit: 16 },
  mib: { size: MIB, count: 100, limit: 8 },
};

export const payload = {
  id: 'payload',
  title: 'Payload: a byte array there and back (MB/s counts both ways)',
  figures: [
    { key: 'kib', table: '1 KiB', title: 'throughput', unit: 'MB/s', better: 'higher' },
    { key: 'kib64', table: '64 KiB', title: 'throughput', unit: 'MB/s', better: 'higher' },
    { key: 'mib', table: '1 MiB', title: 'throughput', unit: 'MB/s', better: 'higher' },
  ],
  async run({ open, quick }) {
    const pool = await open();
    await warmUp(pool);
    const figures = {};
    for (const [key, { size, count: full, limit }] of Object.entries(SIZES)) {
      const count = quick ? Math.ceil(full / 4) : full;
      const sent = Uint8Array.from({ length: size }, (_, i) => i % 251);
      const echo = async () => {
        const back = await pool.run('echo', sent);
        expect(back.byteLength, size, 'the length of the echo');
        expect(back[size - 1], sent[size - 1], 'the last byte of the echo');
      };
      await inFlight(count / 10, limit, echo);
      const ms = await timed(() => inFlight(count, limit, echo));
      figures[key] = (2 * size * count) / 1e6 / (ms / 1000);
    }
    return { figures };
  },
};
