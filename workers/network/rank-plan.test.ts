import { describe, expect, it } from 'vitest';
import { networkCosts } from './costs';
import { decomposeGraph } from './decompose';
import { createRankPlanner, energyKept, ranksForBudget, ranksForEnergy, type Spectra } from './rank-plan';
import { networkFromText } from './text';

/**
 * Two convolutions 3x3 of 4 to 4 channels on 8x8 behind a stem: dense 64 * 144 = 9216 multiply-adds, 64 * (36 + 4) =
 * 2560 for each rank of a pair by channel; so rank 4 (10,240) saves nothing and 3 is the break-even rank.
 */
const { graph } = networkFromText(
  'input 8x8x3 / conv 4 3x3 p1 / a = conv 4 3x3 p1 / b = conv 4 3x3 p1 / globalPool / dense 2',
);
const { macs: total, parameters } = networkCosts(graph);
const spectra: Spectra = {
  scheme: 'channel',
  kernels: [
    { layers: ['a'], values: new Float32Array([4, 2, 1, 0.5]) },
    { layers: ['b'], values: new Float32Array([1, 1, 1, 1]) },
  ],
};
const budgetOf = (saved: number): number => (total - saved) / total;

describe('ranksForBudget', () => {
  it('takes from the layer that loses least energy for what it saves, and counts what the decomposed graph costs', () => {
    // Dense to rank 3 saves 1536: for 0.25 of 21.25 in a, for a quarter in b.
    const first = ranksForBudget(graph, spectra, budgetOf(1536));
    expect(first.ranks).toEqual({ a: 3 });
    const both = ranksForBudget(graph, spectra, budgetOf(2 * 1536 + 2560));
    expect(both.ranks).toEqual({ a: 1 });
    for (const plan of [first, both]) {
      const costs = networkCosts(decomposeGraph(graph, plan));
      expect(plan.macs).toBe(costs.macs);
      expect(plan.parameters).toBe(costs.parameters);
      expect(plan.share).toBeCloseTo(costs.macs / total, 12);
    }
  });

  it('leaves layers decided by hand alone and asks the others for the rest', () => {
    const planner = createRankPlanner(graph, spectra);
    // b at rank 1 saves 9216 - 2560 = 6656 by itself.
    expect(planner(budgetOf(6656), { protect: [], keep: { b: 1 } }).ranks).toEqual({ b: 1 });
    expect(planner(budgetOf(6656 + 1536), { protect: [], keep: { b: 1 } }).ranks).toEqual({ a: 3, b: 1 });
    expect(planner(budgetOf(1536), { protect: ['a'], keep: {} }).ranks).toEqual({ b: 3 });
    // At rank 4 the pair costs more than the layer, so it stays whole.
    expect(planner(1, { protect: [], keep: { a: 4 } })).toMatchObject({ ranks: {}, macs: total, parameters });
  });

  it('says what stands in the way of a budget', () => {
    expect(ranksForBudget(graph, spectra, 0.01).shortfall).toContain('at rank 1 already');
    const byHand = ranksForBudget(graph, spectra, 0.5, { protect: ['a', 'b'], keep: {} });
    expect(byHand).toMatchObject({ ranks: {}, share: 1 });
    expect(byHand.shortfall).toContain('every layer was decided by hand');
  });

  it('refuses ranks and layers that are not there', () => {
    expect(() => ranksForBudget(graph, spectra, 0.5, { protect: [], keep: { a: 5 } })).toThrow(
      '"a" cannot have rank 5; choose a whole number from 1 to 4.',
    );
    expect(() =>
      ranksForBudget(graph, { ...spectra, kernels: [{ layers: ['c'], values: new Float32Array(4) }] }, 1),
    ).toThrow('no convolution');
    expect(() => ranksForBudget(graph, spectra, 1.1)).toThrow('share above 0');
  });
});

describe('energy', () => {
  it('adds up squared singular values, by hand', () => {
    // 16, 4, 1, 0.25 of 21.25.
    const kept = [...energyKept([4, 2, 1, 0.5])];
    [0, 16 / 21.25, 20 / 21.25, 21 / 21.25, 1].forEach((share, rank) => expect(kept[rank]).toBeCloseTo(share, 12));
    expect([...energyKept([0, 0])]).toEqual([1, 1, 1]);
  });

  it('gives every layer the smallest rank that keeps it', () => {
    expect(ranksForEnergy(spectra, 0.75)).toEqual({ a: 1, b: 3 });
    expect(ranksForEnergy(spectra, 0.9)).toEqual({ a: 2, b: 4 });
    expect(ranksForEnergy(spectra, 1)).toEqual({ a: 4, b: 4 });
  });
});
