/**
 * Files that were damaged on the way: whatever is changed, a reader ends with a network or a `FormatError` that names the
 * file. It never hangs (the test would time out), crashes, or throws something else; where the container has checksums,
 * what still opens is what was written.
 */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { networkHash } from '../network/hash';
import { networkFromText } from '../network/text';
import type { WrittenFile } from './format';
import { FormatError } from './format-error';
import { openNetworkFiles, writeNetworkFiles } from './index';
import { kerasArchive, kerasH5 } from './keras/files-for-tests';
import { graphModelFiles } from './tfjs/graph-model/model-for-tests';

const network = networkFromText(
  'input 6x6x3 / a = conv 4 3x3 s2 p1 / bn / relu / conv 4 1x1 / add < . a / globalPool / dense 3 bias / softmax',
  3,
);

interface Format {
  readonly make: () => Promise<readonly WrittenFile[]>;
  /** A zip checks what it unpacks. */
  readonly checked: boolean;
  readonly runs?: number | undefined;
  /**
   * libhdf5 itself can loop for ever on a damaged file (`keras/fixtures/endless.h5`): there the worker that reads is
   * ended by its time cap, and here only changes are tried that are the same every time.
   */
  readonly endless?: boolean | undefined;
}

const checkpoint = readFileSync(new URL('recognise/fixtures/densenet-cifar.pt', import.meta.url));

const formats: Readonly<Record<string, Format>> = {
  '.h5': { make: async () => [{ name: 'net.h5', bytes: await kerasH5(network) }], checked: false, endless: true },
  '.keras': {
    make: async () => [{ name: 'net.keras', bytes: await kerasArchive(network) }],
    checked: true,
  },
  'TF.js LayersModel': { make: () => writeNetworkFiles(network, 'tfjs-layers', 'net'), checked: false },
  'TF.js GraphModel': { make: () => Promise.resolve(graphModelFiles), checked: false },
  '.pt': {
    make: () => Promise.resolve([{ name: 'net.pt', bytes: new Uint8Array(checkpoint) }]),
    checked: true,
    // Each unpacks and turns a whole DenseNet.
    runs: 1500,
  },
};

const open = (files: readonly WrittenFile[]) =>
  openNetworkFiles(files.map(({ name, bytes }) => new File([bytes], name)));

/** Taken modulo a length: any byte is as likely as any other. */
const place = fc.noBias(fc.nat(2 ** 31 - 1));

/** Where, what instead, and whether the file ends there. */
const change = fc.record({
  file: fc.nat(1),
  at: place,
  // Digits and brackets keep a text readable, so that the damage reaches further in.
  value: fc.oneof(fc.nat(255), fc.constantFrom(...new TextEncoder().encode('0129-.eE"{}[],:'))),
});
const damage = fc.record({
  changes: fc.array(change, { minLength: 1, maxLength: 4 }),
  cut: fc.option(place, { freq: 5 }),
});

describe.each(Object.entries(formats))('%s', (_name, { make, checked, endless = false, runs = 5000 }) => {
  let whole: readonly WrittenFile[] = [];
  let hash = '';
  beforeAll(async () => {
    whole = await make();
    hash = await networkHash((await open(whole)).network);
  });

  // A seed of its own, the same every time, and another that is printed when something is found.
  const rounds: readonly (readonly [number | undefined, number])[] = endless
    ? [[20, 500]]
    : [
        [20, runs],
        [undefined, runs / 10],
      ];
  it.each(rounds)(
    'damaged anywhere is refused or read, never worse (seed %s, %s times)',
    async (seed, numRuns) => {
      let survived = 0;
      await fc.assert(
        fc.asyncProperty(damage, async ({ changes, cut }) => {
          const files = whole.map(({ name, bytes }) => ({ name, bytes: bytes.slice() }));
          for (const { file, at, value } of changes) {
            const { bytes } = files[file % files.length] ?? { bytes: new Uint8Array() };
            bytes[at % bytes.length] = value;
          }
          const [first, ...rest] = files;
          if (first === undefined) return;
          const kept = cut === null ? first.bytes : first.bytes.slice(0, cut % first.bytes.length);
          try {
            const opened = await open([{ ...first, bytes: kept }, ...rest]);
            survived += 1;
            if (checked) expect(await networkHash(opened.network)).toBe(hash);
          } catch (error) {
            expect(error).toBeInstanceOf(FormatError);
            if (endless) await expect(open(whole)).resolves.toBeDefined();
          }
        }),
        { numRuns, ...(seed === undefined ? {} : { seed }) },
      );
      // Weights have no checksum of their own: most of their changes cannot be seen, and the rest was refused.
      if (!checked) expect(survived / numRuns).toBeGreaterThan(0.02);
      expect(survived).toBeLessThan(numRuns);
    },
    600_000,
  );
});
