import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../format-error';
import { ByteReader } from './byte-reader';
import { readCheckpoint } from './index';
import { readPickle } from './pickle';

function fixture(name: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(new URL(`fixtures/${name}`, import.meta.url)));
}

async function valuesOf(
  name: string,
): Promise<Record<string, { shape: readonly number[]; values: readonly number[] }>> {
  const { tensors } = await readCheckpoint(new Blob([fixture(name)]), name);
  const loaded = await Promise.all(
    tensors.map(async (tensor) => {
      const { shape, values } = await tensor.load();
      return [tensor.name, { shape, values: [...values] }] as const;
    }),
  );
  return Object.fromEntries(loaded);
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);

/** Written out by hand from what `make-checkpoints.py` saves. */
const expected = {
  plain: { shape: [2, 3, 4], values: range(0, 24) },
  shared_whole: { shape: [4, 6], values: range(0, 24) },
  shared_turned: { shape: [6, 4], values: range(0, 6).flatMap((row) => [row, row + 6, row + 12, row + 18]) },
  shared_part: { shape: [4], values: [5, 6, 7, 8] },
  parameter: { shape: [2], values: [1.5, -2.5] },
  half: { shape: [3], values: [0.5, -1.25, 65504] },
  brain: { shape: [3], values: [0.5, -1.25, 3] },
  double: { shape: [2], values: [Math.fround(1e-3), 2] },
  long: { shape: [], values: [7] },
  int: { shape: [1], values: [-3] },
  short: { shape: [1], values: [-300] },
  char: { shape: [1], values: [-5] },
  byte: { shape: [1], values: [250] },
  bool: { shape: [2], values: [1, 0] },
};

describe('PyTorch checkpoints', () => {
  it.each(['state.pt', 'state-legacy.pth', 'training.pt', 'training-legacy.pth'])(
    '%s: every element type, strides, offsets and shared storages',
    async (name) => {
      expect(await valuesOf(name)).toEqual(expected);
    },
  );

  it('say where the weights were found and what was left alone', async () => {
    const { notes } = await readCheckpoint(new Blob([fixture('training.pt')]), 'training.pt');
    expect(notes).toEqual([
      'The weights were taken from "state_dict" of the checkpoint; epoch, optimizer, best beside them are left alone.',
    ]);
  });
});

describe('hostile and foreign pickles', () => {
  const refused = (name: string) =>
    readCheckpoint(new Blob([fixture(name)]), name).then(
      () => 'read',
      (error: unknown) => (error instanceof FormatError ? error.message : `not a FormatError: ${String(error)}`),
    );

  it('are refused by the name they would call', async () => {
    const cure = 'Checkpoints need no such name; do not open this file in Python unless you trust where it comes from.';
    const text = `The pickle refers to "posix.system", which is not on the list of names that weights need, so it was not read. ${cure}`;
    expect(await refused('hostile.pt')).toBe(`hostile.pt: ${text}`);
    for (const protocol of [0, 2, 4]) {
      const name = `hostile-${protocol}.pkl`;
      expect(() => readPickle(new ByteReader(fixture(name), name), name)).toThrow(`${name}: ${text}`);
    }
  });

  it('holding a whole module or a program say what to save instead', async () => {
    expect(await refused('whole-module.pt')).toBe(
      'whole-module.pt: The pickle refers to "torch.nn.modules.linear.Linear", which is not on the list of names that weights need, so it was not read. The file holds a whole Python object; save its weights alone with torch.save(model.state_dict(), ...).',
    );
    expect(await refused('torchscript.pt')).toBe(
      'torchscript.pt: The file is a TorchScript program (torch.jit.save), which holds code; save model.state_dict() instead.',
    );
  });

  it('that loop through their memo end', () => {
    // A list that holds itself: EMPTY_LIST, MEMOIZE, BINGET 0, APPEND, STOP.
    const bytes = Uint8Array.of(0x80, 4, 0x5d, 0x94, 0x68, 0, 0x61, 0x2e);
    const value = readPickle(new ByteReader(bytes, 'loop'), 'loop');
    expect(Array.isArray(value) && value[0] === value).toBe(true);
  });

  it.each(['state.pt', 'state-legacy.pth'])('%s damaged anywhere is refused or read, never worse', async (name) => {
    const good = fixture(name);
    const outcome = async (bytes: Uint8Array<ArrayBuffer>) => {
      try {
        const { tensors } = await readCheckpoint(new Blob([bytes]), name);
        for (const { load } of tensors) await load();
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
      }
    };
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), fc.nat(255), fc.boolean(), async (at, value, cut) => {
        const bad = cut ? good.slice(0, at) : good.slice();
        if (!cut) bad[at] = value;
        await outcome(bad);
      }),
      { numRuns: 300, seed: 8 },
    );
  });
});
