import { describe, expect, it } from 'vitest';
import { createRandom } from '../linalg/random';
import { svd } from '../linalg/svd';
import { networkCosts } from './costs';
import { cutChannels } from './cut';
import { decomposeLayers } from './decompose';
import { filtersOrRanks } from './filters-or-ranks';
import type { Network, Tensor } from './graph';
import { eligibleLayers, unfoldKernel } from './low-rank';
import { ranksForBudget, type Spectra } from './rank-plan';
import { runReference } from './reference';
import { networkFromText } from './text';
import { buildZooNetwork } from './zoo';

function spectraOf({ graph, tensors }: Network): Spectra {
  const kernels = eligibleLayers(graph).map(({ id, kernel }) => {
    const { rows, cols, values } = unfoldKernel(
      tensors[kernel] ?? { shape: [], values: new Float32Array() },
      'channel',
    );
    return { layers: [id], values: Float32Array.from(svd(rows, cols, values).s) };
  });
  return { scheme: 'channel', kernels };
}

function outputs(network: Network): number[] {
  const random = createRandom(4);
  const values = Float64Array.from({ length: 8 * 8 * 3 }, () => random.normal());
  return runReference(network, { shape: [1, 8, 8, 3], values }).outputs.flatMap(({ values: own }) => [...own]);
}

/** `thin` has rank 3 of 12; of the filters of `sparse` 8 of 12 are zero. Nothing else can be spared. */
function twoWaysToSpare(): Network {
  const made = networkFromText(
    `input 8x8x3 / stem = conv 12 3x3 p1 / relu / thin = conv 12 3x3 p1 / relu / sparse = conv 12 3x3 p1 / relu /
     globalPool / dense 2`,
    5,
  );
  const random = createRandom(6);
  const thin = new Float32Array(108 * 12);
  for (let k = 0; k < 3; k++) {
    const [left, right] = [108, 12].map((length) => Array.from({ length }, () => random.normal()));
    thin.forEach((value, at) => (thin[at] = value + (left?.[Math.floor(at / 12)] ?? 0) * (right?.[at % 12] ?? 0)));
  }
  const sparse: Tensor = {
    shape: [3, 3, 12, 12],
    values: Float32Array.from({ length: 108 * 12 }, (_, at) => (at % 12 < 8 ? 0 : random.normal())),
  };
  return {
    ...made,
    tensors: { ...made.tensors, 'thin.kernel': { shape: [3, 3, 12, 12], values: thin }, 'sparse.kernel': sparse },
  };
}

describe('filters or ranks', () => {
  it('takes from each layer what it can spare, and loses nothing', () => {
    const network = twoWaysToSpare();
    // 64 pixels of 324, 1296 and 1296; thin at rank 3 costs 360, four filters of sparse 432: 1116 of 2916.
    const budget = 0.385;
    const choice = filtersOrRanks(network, spectraOf(network), budget);
    expect(choice.layers).toEqual(['sparse']);
    expect(choice.removed).toEqual({ sparse: [0, 1, 2, 3, 4, 5, 6, 7] });
    const cut = cutChannels(network, choice.removed);
    const ranks = ranksForBudget(cut.graph, spectraOf(cut), choice.budget, { protect: choice.layers, keep: {} });
    expect(ranks.ranks).toEqual({ thin: 3 });
    expect(ranks.shortfall).toBeUndefined();
    const small = decomposeLayers(cut, ranks);
    expect(networkCosts(small.graph).macs).toBeLessThanOrEqual(budget * networkCosts(network.graph).macs);
    const [a, b] = [outputs(network), outputs(small)];
    const largest = Math.max(...a.map(Math.abs));
    a.forEach((value, at) => expect(Math.abs(value - (b[at] ?? NaN))).toBeLessThan(1e-5 * largest));
    // Ranks alone lose some at that budget: sparse has rank 4, which costs 4 (108 + 12) = 480 > 432.
    const alone = decomposeLayers(network, ranksForBudget(network.graph, spectraOf(network), budget));
    const lost = outputs(alone).map((value, at) => Math.abs(value - (a[at] ?? NaN)));
    expect(Math.max(...lost)).toBeGreaterThan(1e-3 * largest);
  });

  it.each([0.8, 0.5, 0.3])('meets a budget of %f on a ResNet and leaves named layers their filters', (budget) => {
    const network = buildZooNetwork({ architecture: 'resnet8', shortcut: 'projection', seed: 2 });
    const choices = { protect: ['stage3.block1.conv1'], keep: { 'stage2.block1.conv1': 5 } };
    const choice = filtersOrRanks(network, spectraOf(network), budget, choices);
    expect(choice.layers).not.toContain('stage3.block1.conv1');
    expect(choice.layers).not.toContain('stage2.block1.conv1');
    const cut = cutChannels(network, choice.removed);
    const protect = [...choices.protect, ...choice.layers];
    const ranks = ranksForBudget(cut.graph, spectraOf(cut), choice.budget, { ...choices, protect });
    const { macs } = networkCosts(decomposeLayers(cut, ranks).graph);
    if (ranks.shortfall === undefined)
      expect(macs / networkCosts(network.graph).macs).toBeLessThanOrEqual(budget + 1e-9);
    expect(macs / networkCosts(network.graph).macs).toBeGreaterThan(budget - 0.05);
  });

  it('leaves all as it is at a budget of 1, and refuses nonsense', () => {
    const network = twoWaysToSpare();
    expect(filtersOrRanks(network, spectraOf(network), 1)).toEqual({ removed: {}, layers: [], budget: 1 });
    expect(() => filtersOrRanks(network, spectraOf(network), 0)).toThrow('The budget must be a share above 0');
  });
});
