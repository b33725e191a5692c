import { expect, it } from 'vitest';
import { networkCosts } from '../network/costs';
import { networkFromText } from '../network/text';
import type { Network } from '../network/graph';
import { scanSensitivity, weakest } from './sensitivity';
import { channelGroups } from '../network/groups';

const network = networkFromText('input 8x8x3 / a = conv 4 3x3 p1 / b = conv 8 3x3 p1 / globalPool / dense 10');
const scores = {
  a: new Float32Array([4, 1, 3, 2]),
  b: new Float32Array([8, 7, 6, 5, 4, 3, 2, 1]),
  dense1: new Float32Array(10),
};

it('cuts the weakest filters of one group at a time, coarse shares first', async () => {
  const seen: { a: number; b: number; kept: readonly number[] | undefined }[] = [];
  const notes: string[] = [];
  const shares: number[] = [];
  const width = (candidate: Network, id: string): number => {
    const layer = candidate.graph.layers.find((one) => one.id === id);
    return layer?.op === 'conv' ? layer.filters : 0;
  };
  const sensitivity = await scanSensitivity({
    network,
    scores,
    normalise: 'none',
    reduction: 'mean',
    signal: new AbortController().signal,
    progress: (done, note) => void [shares.push(done), notes.push(note)],
    evaluate: async (candidate) => {
      const cut = candidate.meta.history[0];
      seen.push({
        a: width(candidate, 'a'),
        b: width(candidate, 'b'),
        kept: cut?.kind === 'cut' ? cut.removed['a'] : undefined,
      });
      return networkCosts(candidate.graph).macs / networkCosts(network.graph).macs;
    },
  });
  // Untouched, then half of each, then quarters; eighths exist only where there are eight.
  expect(seen.slice(0, 5).map(({ a, b }) => [a, b])).toEqual([
    [4, 8],
    [2, 8],
    [4, 4],
    [3, 8],
    [4, 6],
  ]);
  expect(seen[1]?.kept).toEqual([1, 3]);
  expect(seen[3]?.kept).toEqual([1]);
  expect(sensitivity['a']?.removed).toEqual([0, 0.25, 0.5, 0.75]);
  expect(sensitivity['b']?.removed).toEqual([0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875]);
  expect(seen.length).toBe(1 + 3 + 7);
  // MACs by hand: a = 64 * 27 * 4 = 6912, b = 64 * 36 * 8 = 18432, dense = 80; cutting half of a halves both convs.
  expect(sensitivity['a']?.accuracy[2]).toBeCloseTo((3456 + 9216 + 80) / 25424, 12);
  expect(shares.every((share, at) => share >= (shares[at - 1] ?? 0))).toBe(true);
  expect(shares.at(-1)).toBe(1);
  expect(notes[0]).toBe('Scanned a, 50 % removed');
});

it('stops between two measurements', async () => {
  const abort = new AbortController();
  let measured = 0;
  const scan = scanSensitivity({
    network,
    scores,
    normalise: 'none',
    reduction: 'mean',
    signal: abort.signal,
    progress: () => undefined,
    evaluate: async () => {
      measured += 1;
      if (measured === 3) abort.abort(new Error('enough'));
      return 1;
    },
  });
  await expect(scan).rejects.toThrow('enough');
  expect(measured).toBe(3);
});

it('takes every filter of a tied unit', () => {
  const tied = networkFromText(
    'input 8x8x3 / a = conv 4 3x3 p1 / b = conv 4 3x3 p1 / add < a b / globalPool / dense 10',
  );
  const [group] = channelGroups(tied.graph);
  if (group === undefined) throw new Error('no group');
  const own = { a: new Float32Array([4, 3, 2, 1]), b: new Float32Array([4, 3, 2, 1]) };
  expect(weakest(group, 2, own)).toEqual({ a: [2, 3], b: [2, 3] });
});
