/** Costs and orders of the small nets below were worked out by hand. */
import { describe, expect, it } from 'vitest';
import { createRandom } from '../linalg/random';
import { networkCosts } from './costs';
import { isWeighted, type Graph } from './graph';
import { lockedLayers } from './groups';
import { hazards } from './hazard-networks';
import type { CutRules, FilterScores, PlannerInput } from './plan';
import { createPlanner, openRules, planWidths, unitScores } from './planner';
import { inferShapes } from './shapes';
import { buildZooGraph } from './zoo';
import { GraphBuilder } from './zoo/builder';

/** 1x1 convolutions `a` (4 filters) and `b` (2) on 4x4 pixels, then two classes: 64 + 128 + 4 = 196 multiply-adds. */
function twoLayers(): Graph {
  const net = new GraphBuilder();
  const a = net.conv('a', net.input([4, 4, 1]), 4, { size: 1 });
  return net.finish(net.dense('head', net.globalAveragePool('pool', net.conv('b', a, 2, { size: 1 })), 2));
}

const two: PlannerInput = {
  graph: twoLayers(),
  scores: { a: Float32Array.of(2, 1, 4, 3), b: Float32Array.of(20, 10) },
  normalise: 'none',
};

function rules(change: Partial<CutRules>): CutRules {
  return { ...openRules, ...change };
}

function randomScores(graph: Graph, seed: number): FilterScores {
  const random = createRandom(seed);
  const shapes = inferShapes(graph);
  const layers = graph.layers.filter(isWeighted);
  return Object.fromEntries(
    layers.map(({ id }) => [id, Float32Array.from({ length: shapes.get(id)?.at(-1) ?? 0 }, () => random.next())]),
  );
}

describe('the budget', () => {
  const plan = createPlanner(two);

  it('takes the weakest filters until the multiply-adds fit, and no more', () => {
    expect(plan(rules({ budget: 1 }))).toEqual({
      removed: {},
      macs: 196,
      parameters: 4 + 8 + 4 + 2,
      share: 1,
      filters: { removed: 0, total: 6 },
    });
    // Filter 1 of a: 48 + 96 + 4 = 148, a share of 0.7551; then filter 0: 32 + 64 + 4 = 100.
    expect(plan(rules({ budget: 0.7552 }))).toMatchObject({
      removed: { a: [1] },
      macs: 148,
      parameters: 3 + 6 + 4 + 2,
    });
    expect(plan(rules({ budget: 0.755 }))).toMatchObject({ removed: { a: [0, 1] }, macs: 100, share: 100 / 196 });
    // Then filter 3 of a; a keeps its last, so b loses filter 1: 16 + 16 + 2 = 34.
    expect(plan(rules({ budget: 34 / 196 }))).toMatchObject({ removed: { a: [0, 1, 3], b: [1] }, macs: 34 });
  });

  it('says what stopped it when it is out of reach', () => {
    const shortfall = (change: Partial<CutRules>): string | undefined =>
      plan(rules({ budget: 0.1, ...change })).shortfall;
    expect([
      shortfall({}),
      shortfall({ floor: 0.5 }),
      shortfall({ protect: ['a'] }),
      shortfall({ keep: { b: 2 } }),
      shortfall({ byHand: { a: { cut: [], keep: [0, 1] } } }),
    ]).toMatchInlineSnapshot(`
      [
        "The cut stops at 17.3 % of the multiply-adds instead of 10 %: "a" and "b" are down to the last channel.",
        "The cut stops at 33.7 % of the multiply-adds instead of 10 %: the floor of 50 % holds "a" and "b".",
        "The cut stops at 66.3 % of the multiply-adds instead of 10 %: "b" is down to the last channel; "a" is protected.",
        "The cut stops at 26.5 % of the multiply-adds instead of 10 %: "a" is down to the last channel; "b" keeps a set number.",
        "The cut stops at 33.7 % of the multiply-adds instead of 10 %: "b" is down to the last channel; 2 filters are kept by hand.",
      ]
    `);
    expect(plan(rules({ budget: 0.1 })).macs).toBe(34);
  });

  it('must be a share', () => {
    expect(() => plan(rules({ budget: 0 }))).toThrowErrorMatchingInlineSnapshot(
      `[NetworkError: The budget is a share of the multiply-adds above 0 and up to 1, not 0.]`,
    );
    expect(() => plan(rules({ budget: Number.NaN }))).toThrow('not NaN');
    expect(() => plan(rules({ floor: 2 }))).toThrowErrorMatchingInlineSnapshot(
      `[NetworkError: The floor is a share of the filters from 0 to 1, not 2.]`,
    );
  });
});

describe('comparing layers', () => {
  it('divides by the mean of each layer', () => {
    // a: 0.8 0.4 1.6 1.2; b: 4/3 2/3. So b's weaker filter goes second: 48 + 48 + 2 = 98.
    const plan = createPlanner({ ...two, normalise: 'layerMean' });
    expect(plan(rules({ budget: 0.5 })).removed).toEqual({ a: [1], b: [1] });
    const shown = unitScores({ ...two, normalise: 'layerMean' }, 'mean');
    expect([...(shown['a'] ?? [])]).toEqual([0.8, 0.4, 1.6, 1.2].map(Math.fround));
  });

  it.each([
    // Tied: a and c, channel by channel: (1, 9), (2, 0), (3, 5), (4, 1).
    ['mean', [5, 1, 4, 2.5]],
    ['max', [9, 2, 5, 4]],
    ['sum', [10, 2, 8, 5]],
    ['first', [1, 2, 3, 4]],
  ] as const)('reduces tied filters by their %s', (reduction, expected) => {
    const scores = { a: Float32Array.of(1, 2, 3, 4), b: Float32Array.of(1, 1, 1), c: Float32Array.of(9, 0, 5, 1) };
    const shown = unitScores({ graph: hazards.residual, scores, normalise: 'none' }, reduction);
    expect([...(shown['a'] ?? [])]).toEqual(expected);
    expect(shown['c']).toEqual(shown['a']);
    expect(shown['head']).toBeUndefined();
  });
});

describe('allocation', () => {
  it('is uniform when every group loses the same share', () => {
    const plan = createPlanner(two);
    // Shares 1/4 (a), then 1/2 of a and of b (a first), 3/4 of a.
    const at = (budget: number): unknown => plan(rules({ allocation: 'uniform', budget })).removed;
    expect(at(0.76)).toEqual({ a: [1] });
    expect(at(0.52)).toEqual({ a: [0, 1] });
    // a 2 of 4, b 1 of 2: 32 + 32 + 2 = 66.
    expect(at(66 / 196)).toEqual({ a: [0, 1], b: [1] });
  });

  it('follows the scan when it goes by sensitivity', () => {
    const sensitivity = {
      a: { removed: [0, 0.25, 0.5, 0.75], accuracy: [0.9, 0.5, 0.3, 0.1] },
      b: { removed: [0, 0.5], accuracy: [0.9, 0.89] },
    };
    const plan = createPlanner({ ...two, sensitivity });
    // b: 0.01 lost for 66 multiply-adds; a: 0.4 for 48. The weaker filter of b goes, although its score is higher.
    expect(plan(rules({ allocation: 'sensitivity', budget: 0.7 })).removed).toEqual({ b: [1] });
  });

  it('asks for the scan it needs', () => {
    expect(() => createPlanner(two)(rules({ allocation: 'sensitivity' }))).toThrowErrorMatchingInlineSnapshot(
      `[NetworkError: Allocation by sensitivity needs a sensitivity scan; run one, or choose another allocation.]`,
    );
  });
});

describe('rules', () => {
  const plan = createPlanner(two);

  it('keep the floor of every layer', () => {
    expect(plan(rules({ budget: 0.01, floor: 0.5 })).removed).toEqual({ a: [0, 1], b: [1] });
    // 30 % of 4 filters is 1.2, so 2 stay.
    expect(plan(rules({ budget: 0.01, floor: 0.3 })).removed).toEqual({ a: [0, 1], b: [1] });
  });

  it('leave protected layers alone', () => {
    expect(plan(rules({ budget: 0.01, protect: ['a'] })).removed).toEqual({ b: [1] });
  });

  it('give a layer exactly the filters asked for, whatever the budget', () => {
    expect(plan(rules({ budget: 1, keep: { a: 3 } })).removed).toEqual({ a: [1] });
    expect(plan(rules({ budget: 0.01, keep: { a: 3 } })).removed).toEqual({ a: [1], b: [1] });
    expect(planWidths(two, { a: 2, b: 1 }).removed).toEqual({ a: [0, 1], b: [1] });
  });

  it('keep what hands decided', () => {
    const byHand = { a: { cut: [2], keep: [1] }, b: { cut: [], keep: [0, 1] } };
    expect(plan(rules({ budget: 1, byHand })).removed).toEqual({ a: [2] });
    expect(plan(rules({ budget: 0.01, byHand })).removed).toEqual({ a: [0, 2, 3] });
  });

  it('note what they cannot grant', () => {
    const notes = (change: Partial<CutRules>): unknown => plan(rules(change)).notes;
    const cut = (channels: number[], keep: number[] = []) => ({ a: { cut: channels, keep } });
    expect([
      notes({ byHand: cut([0], [0]) }),
      notes({ byHand: cut([0]), protect: ['a'] }),
      notes({ byHand: cut([0, 1, 2, 3]) }),
      notes({ byHand: { head: { cut: [0], keep: [] } } }),
      notes({ keep: { a: 9 } }),
      notes({ keep: { head: 1 } }),
    ]).toMatchInlineSnapshot(`
      [
        [
          "A filter of "a" cut by hand stays: it is also kept by hand.",
        ],
        [
          "A filter of "a" cut by hand stays: its layer is protected.",
        ],
        [
          "A filter of "a" cut by hand stays: "a" would keep none.",
        ],
        [
          "A filter of "head" cut by hand stays: it cannot be cut.",
        ],
        [
          ""a" keeps 4 filters instead of 9: no more are there.",
        ],
        [
          ""head" keeps 2 filters instead of 1: The channels of "head" are the network's outputs.",
        ],
      ]
    `);
  });

  it('must name layers and filters of the network', () => {
    expect(() => plan(rules({ protect: ['nowhere'] }))).toThrowErrorMatchingInlineSnapshot(
      `[NetworkError: The rules name "nowhere", but the network has no such layer; name a convolution or dense layer.]`,
    );
    expect(() => plan(rules({ keep: { pool: 1 } }))).toThrowErrorMatchingInlineSnapshot(
      `[NetworkError: The rules name "pool", but a globalPool layer has no filters; name a convolution or dense layer.]`,
    );
    expect(() => plan(rules({ byHand: { a: { cut: [4], keep: [] } } }))).toThrowErrorMatchingInlineSnapshot(
      `[NetworkError: The rules name filter 4 of "a", which has filters 0 to 3.]`,
    );
  });

  it('round kept widths', () => {
    const graph = buildZooGraph({ architecture: 'resnet20' });
    const plan = createPlanner({ graph, scores: randomScores(graph, 5), normalise: 'layerMean' });
    for (const roundTo of [4, 8] as const) {
      for (const budget of [0.9, 0.5, 0.2]) {
        const { removed, share } = plan(rules({ budget, roundTo }));
        for (const [id, gone] of Object.entries(removed)) {
          expect(((inferShapes(graph).get(id)?.at(-1) ?? 0) - gone.length) % roundTo).toBe(0);
        }
        expect(share).toBeLessThanOrEqual(budget);
      }
    }
  });
});

describe('scores', () => {
  it('must fit the network and be numbers', () => {
    const create = (scores: FilterScores) => () => createPlanner({ ...two, scores });
    expect(create({ a: two.scores['a'] ?? Float32Array.of() })).toThrowErrorMatchingInlineSnapshot(
      `[NetworkError: No method has scored "b"; score every layer that can be cut.]`,
    );
    expect(create({ ...two.scores, a: Float32Array.of(1, 2) })).toThrowErrorMatchingInlineSnapshot(
      `[NetworkError: Layer "a" has 4 filters, but 2 scores; score it again.]`,
    );
    expect(create({ ...two.scores, a: Float32Array.of(1, 2, Number.NaN, 3) })).toThrowErrorMatchingInlineSnapshot(
      `[NetworkError: The score of filter 2 of "a" is NaN; the network's weights or gradients have diverged.]`,
    );
  });
});

describe.each(['resnet56', 'densenet40', 'mobilenetv2', 'vgg16'] as const)('%s', (architecture) => {
  const graph = buildZooGraph({ architecture });
  const plan = createPlanner({ graph, scores: randomScores(graph, 3), normalise: 'layerMean' });

  it('counts the original as costs do, and knows its filters', () => {
    const { macs, parameters, filters } = plan(openRules);
    const costs = networkCosts(graph);
    expect({ macs, parameters }).toEqual({ macs: costs.macs, parameters: costs.parameters });
    const locked = lockedLayers(graph);
    const widths = graph.layers
      .filter(isWeighted)
      .map(({ id }) => (locked.has(id) ? 0 : (inferShapes(graph).get(id)?.at(-1) ?? 0)));
    expect(filters).toEqual({ removed: 0, total: widths.reduce((a, b) => a + b, 0) });
  });

  it('answers a dragged budget in well under a frame', () => {
    // The first call orders the filters; every later one only looks up how far to go.
    plan(openRules);
    const times = Array.from({ length: 100 }, (_, at) => {
      const start = performance.now();
      plan(rules({ budget: 1 - at / 110 }));
      return performance.now() - start;
    }).sort((a, b) => a - b);
    expect(times[50]).toBeLessThan(8);
  });
});
