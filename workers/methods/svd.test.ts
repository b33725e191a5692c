import { describe, expect, it } from 'vitest';
import { networkCosts } from '../network/costs';
import { decomposeLayers } from '../network/decompose';
import type { Network } from '../network/graph';
import { networkFromText } from '../network/text';
import { buildZooNetwork } from '../network/zoo';
import type { RankPlan, SettingValues } from './method';
import { chooseRanks } from '../network/ranks';
import { svdTruncation } from './svd';
import { testContext } from './test-context';

async function plan(network: Network, budget: number, settings: SettingValues = {}): Promise<RankPlan> {
  const hooks = await svdTruncation.begin(testContext(svdTruncation, network, { settings }));
  if (hooks.decideRanks === undefined) throw new Error('SVD must decide ranks.');
  return hooks.decideRanks(budget);
}

describe('chooseRanks', () => {
  // Dense 100; 20 for each rank, so rank 5 would save nothing. Energies 64, 32, 3, 1 of 100.
  const steep = { dense: 100, perRank: 20, energies: [64, 32, 3, 1] };
  // The same cost, energy spread evenly.
  const flat = { dense: 100, perRank: 20, energies: [25, 25, 25, 25] };

  it('leaves everything dense when the budget allows it', () => {
    expect(chooseRanks([steep, flat], 200)).toEqual([undefined, undefined]);
  });

  it('takes the cheapest energy first, by hand', () => {
    // Dense to rank 4 saves 20 for nothing, in both; then rank 3 of the steep one costs 1 % for 20, rank 2 another 3 %.
    expect(chooseRanks([steep, flat], 160)).toEqual([4, 4]);
    expect(chooseRanks([steep, flat], 140)).toEqual([3, 4]);
    expect(chooseRanks([steep, flat], 120)).toEqual([2, 4]);
    // Now 25 % of the flat one against 32 % of the steep one, for 20 each.
    expect(chooseRanks([steep, flat], 100)).toEqual([2, 3]);
    expect(chooseRanks([steep, flat], 60)).toEqual([2, 1]);
    expect(chooseRanks([steep, flat], 40)).toEqual([1, 1]);
    expect(chooseRanks([steep, flat], 0)).toEqual([1, 1]);
  });

  it('never chooses a pair that costs as much as the layer', () => {
    // Rank 2 would cost exactly the dense 100: from dense straight to rank 1.
    expect(chooseRanks([{ dense: 100, perRank: 50, energies: [9, 1, 0] }], 99)).toEqual([1]);
    expect(chooseRanks([{ dense: 100, perRank: 100, energies: [9, 1] }], 10)).toEqual([undefined]);
  });

  it('gives back what the last step saved too much', () => {
    // Leaving dense is cheapest straight to rank 1 (almost all energy is there), which saves 80; 45 are to be saved.
    const one = { dense: 100, perRank: 20, energies: [97, 1, 1, 1, 40 / 1e9] };
    const ranks = chooseRanks([one], 55);
    expect(ranks).toEqual([2]);
  });

  it('agrees with trying everything, up to the last step', () => {
    const candidates = [
      { dense: 90, perRank: 20, energies: [8, 4, 2, 1, 0.5] },
      { dense: 200, perRank: 30, energies: [5, 5, 4, 1, 1, 0.2] },
      { dense: 60, perRank: 25, energies: [10, 1] },
    ];
    const options = candidates.map(({ dense, perRank, energies }) => [
      { macs: dense, lost: 0 },
      ...energies.flatMap((_, k) => {
        const total = energies.reduce((sum, value) => sum + value, 0);
        const lost = energies.slice(k + 1).reduce((sum, value) => sum + value, 0) / total;
        return (k + 1) * perRank < dense ? [{ macs: (k + 1) * perRank, lost }] : [];
      }),
    ]);
    const cost = (ranks: readonly (number | undefined)[]): { macs: number; lost: number } => {
      const taken = ranks.map((rank, i) => options[i]?.[rank ?? 0] ?? { macs: NaN, lost: NaN });
      return { macs: taken.reduce((s, t) => s + t.macs, 0), lost: taken.reduce((s, t) => s + t.lost, 0) };
    };
    for (let allowance = 75; allowance <= 350; allowance += 5) {
      let best = Infinity;
      for (const a of options[0] ?? []) {
        for (const b of options[1] ?? []) {
          for (const c of options[2] ?? []) {
            if (a.macs + b.macs + c.macs <= allowance) best = Math.min(best, a.lost + b.lost + c.lost);
          }
        }
      }
      const found = cost(chooseRanks(candidates, allowance));
      expect(found.macs).toBeLessThanOrEqual(allowance);
      // One step of the dearest kernel at most: 1/3 of its energy.
      expect(found.lost).toBeLessThan(best + 0.34);
    }
  });
});

describe('svd', () => {
  const network = buildZooNetwork({ architecture: 'resnet8', shortcut: 'projection', seed: 2 });

  it.each([
    ['channel', 0.75],
    ['channel', 0.3],
    ['spatial', 0.5],
    ['spatial', 0.2],
  ])(
    '%s, budget %f: the decomposed network costs what the plan says, just below the budget',
    async (scheme, budget) => {
      const decided = await plan(network, budget, { scheme });
      expect(decided.scheme).toBe(scheme);
      const pair = decomposeLayers(network, decided);
      expect(networkCosts(pair.graph).macs).toBe(decided.macs);
      expect(decided.share).toBeCloseTo(decided.macs / 12_501_632, 12);
      expect(decided.share).toBeLessThanOrEqual(budget);
      expect(decided.share).toBeGreaterThan(budget - 0.02);
      expect(decided.shortfall).toBeUndefined();
    },
  );

  it('keeps the strong directions: a kernel of rank 3 is cut to 3 for nothing before others lose anything', async () => {
    const made = networkFromText(
      'input 8x8x3 / conv 12 3x3 p1 / conv 12 3x3 p1 / conv 12 3x3 p1 / globalPool / dense 2',
    );
    const thin = new Float32Array(3 * 3 * 12 * 12);
    for (let row = 0; row < 108; row++) {
      for (let filter = 0; filter < 12; filter++) {
        for (let k = 0; k < 3; k++)
          thin[row * 12 + filter] = (thin[row * 12 + filter] ?? 0) + Math.sin(row * (k + 1)) * Math.cos(filter * k + k);
      }
    }
    const low = { ...made, tensors: { ...made.tensors, 'conv2.kernel': { shape: [3, 3, 12, 12], values: thin } } };
    // 324, 1296, 1296 multiply-adds a pixel and 24 behind the pool; conv2 at rank 3 costs 3 * (108 + 12) = 360.
    const all = 64 * (324 + 1296 + 1296) + 24;
    const decided = await plan(low, (64 * (324 + 360 + 1296) + 24) / all);
    expect(decided.ranks).toEqual({ conv2: 3 });
    expect(decided.macs).toBe(64 * (324 + 360 + 1296) + 24);
  });

  it('says why a budget cannot be reached', async () => {
    const decided = await plan(network, 0.01);
    expect(decided.shortfall).toMatch(/^A budget of 1.0 % cannot be reached: \d+\.\d % remain, for every convolution/);
    expect(new Set(Object.values(decided.ranks))).toEqual(new Set([1]));
    const none = await plan(networkFromText('input 4x4x3 / conv 4 3x3 / globalPool / dense 2'), 0.5);
    expect(none).toMatchObject({ ranks: {}, share: 1 });
    expect(none.shortfall).toContain('no convolution that can be split');
  });

  it('gives layers that share a kernel one rank', async () => {
    const loop = networkFromText(
      'input 8x8x4 / conv 4 1x1 / a = conv 4 3x3 p1 kernel=step / b = conv 4 3x3 p1 kernel=step / globalPool / dense 2',
    );
    const decided = await plan(loop, 0.6);
    expect(decided.ranks['a']).toBe(decided.ranks['b']);
    expect(networkCosts(decomposeLayers(loop, decided).graph).macs).toBe(decided.macs);
  });

  it('splits 1x1 convolutions only when asked to', async () => {
    const points = networkFromText('input 4x4x3 / conv 40 3x3 p1 / conv 40 1x1 / globalPool / dense 2');
    expect((await plan(points, 0.6)).ranks).toEqual({});
    expect(Object.keys((await plan(points, 0.6, { include1x1: true })).ranks)).toEqual(['conv2']);
  });

  it('leaves the network alone at a budget of 1, and refuses nonsense', async () => {
    expect(await plan(network, 1)).toMatchObject({ ranks: {}, macs: 12_501_632, share: 1 });
    await expect(plan(network, 0)).rejects.toThrow('The budget must be a share above 0 and at most 1, not 0.');
  });
});
