/** Invariants of section (f) of both methods that hold of the network alone, checked in float64. */
import { describe, expect, it } from 'vitest';
import { cutChannels } from '../../cut';
import { decomposeLayers } from '../../decompose';
import type { Graph, Layer, Network } from '../../graph';
import { closeUnderCoupling } from '../../closure';
import { nameInPass, passOf, withPasses } from '../../unrolled';
import { runReference, type ReferenceTensor } from '../../reference';
import { inferShapes } from '../../shapes';
import { GraphBuilder } from '../builder';
import { feedbackSignals, modulated } from './feedback';
import { gatedGraph } from './index';
import { gatingPlan, type Routing } from './options';
import { answersByHand } from './passes-by-hand';
import { filled, gatedImages, tinyGated, withEqualBanks, withTensors } from './tiny-gated';

const routings: readonly Routing[] = ['self', 'above', 'top', 'cascade'];
const images = gatedImages(1);

function answers(network: Network, of = images): readonly ReferenceTensor[] {
  return runReference(network, of).outputs;
}

function largestDifference(a: ReferenceTensor | undefined, b: ReferenceTensor | undefined): number {
  expect(a?.shape).toEqual(b?.shape);
  expect(a?.values.length).toBeGreaterThan(0);
  return Math.max(...Array.from(a?.values ?? [NaN], (value, at) => Math.abs(value - (b?.values[at] ?? NaN))));
}

/** The outputs of layers of the network, by id. */
function tapped(network: Network, taps: readonly string[], of = images): ReadonlyMap<string, ReferenceTensor> {
  return runReference(network, of, { taps }).taps;
}

/** The network with some layers changed, and tensors put beside its own. */
function rewired(network: Network, change: (layer: Layer) => Layer | readonly Layer[], more: Network['tensors'] = {}) {
  const graph: Graph = { ...network.graph, layers: network.graph.layers.flatMap(change) };
  return { ...network, graph, tensors: { ...network.tensors, ...more } };
}

describe.each(routings)('routing %s', (routing) => {
  const network = tinyGated({ passes: 3, routing });

  it('one look is the feed-forward network, whatever the gates hold', () => {
    const alone = { ...network, graph: gatedGraph({ backbone: 'shallow', image: [16, 16] }) };
    expect(largestDifference(answers(network)[0], answers(alone)[0])).toBe(0);
    expect(largestDifference(answers(withPasses(network, 1))[0], answers(alone)[0])).toBe(0);
  });

  it('modulators at identity: every pass answers alike, whatever the propagators hold', () => {
    const open = filled(withEqualBanks(network), /\.gate\.conv\.(kernel|bias)$/, 0);
    const [first, ...others] = answers(open);
    for (const other of others) expect(largestDifference(first, other)).toBeLessThan(1e-12);
    expect(
      largestDifference(...(answers(withEqualBanks(network)).slice(0, 2) as [ReferenceTensor, ReferenceTensor])),
    ).toBeGreaterThan(0.01);
  });

  it('is the loop over passes that the formulas say', () => {
    for (const kernel of [1, 3] as const) {
      const own = tinyGated({ passes: 3, routing, kernel });
      const expected = answersByHand(own, images, 3, routing);
      answers(own).forEach((answer, at) => expect(largestDifference(answer, expected[at])).toBeLessThan(1e-10));
    }
  });

  it('pass t does not depend on the passes after it', () => {
    const [, second] = answers(withPasses(network, 2));
    expect(largestDifference(answers(network)[1], second)).toBe(0);
  });

  it('one changed pixel: nothing changes outside the reach of one look, something does at the second', () => {
    const large = tinyGated({ passes: 3, routing, image: [64, 64] });
    const before = gatedImages(1, 64);
    const touched = { ...before, values: before.values.map((value, at) => (at < 3 ? value + 1 : value)) };
    const [then, now] = [answers(large, before), answers(large, touched)];
    const reach = then.map((answer, pass) => {
      const changed = [...answer.values.keys()].filter((at) => answer.values[at] !== now[pass]?.values[at]);
      return Math.max(...changed.map((at) => Math.max(Math.floor(at / 4 / 64), Math.floor(at / 4) % 64)));
    });
    // Stem (reach 1), stages 1 to 3 at jumps 2, 2, 4, and a bilinear cell of 4: at most 1 + 2 + 2 + 4 + 6 pixels.
    expect(reach[0]).toBeLessThanOrEqual(15);
    expect(reach[1]).toBeGreaterThan(reach[0] ?? 64);
    expect(reach[2]).toBeGreaterThanOrEqual(reach[1] ?? 64);
  });

  it('more looks repeat the last pass with its statistics; fewer are a prefix', () => {
    const short = withPasses(network, 2);
    expect(short.meta.history).toEqual([{ kind: 'passes', passes: 2 }]);
    const long = withPasses(short, 4);
    const expected = withTensors(
      tinyGated({ passes: 4, routing }),
      (name) => network.tensors[name.replace(/\.pass[34]$/, '.pass2')],
    );
    answers(long).forEach((answer, at) => expect(largestDifference(answer, answers(expected)[at])).toBe(0));
    expect(inferShapes(long.graph).size).toBe(expected.graph.layers.length);
  });

  it('changes its number of looks after a cut and a decomposition as well', () => {
    const removed = closeUnderCoupling(network.graph, { 'pass1.stage1.conv1': [1, 7], 'pass1.stage3.conv1': [0] });
    const ranks = Object.fromEntries(
      network.graph.layers.flatMap(({ id }) => (nameInPass(id) === 'stage3.conv1' ? [[id, 9]] : [])),
    );
    const small = (wide: Network): Network =>
      decomposeLayers(cutChannels(wide, closeUnderCoupling(wide.graph, removed)), { scheme: 'spatial', ranks });
    const shared = withTensors(network, (name) => network.tensors[name.replace(/\.pass3$/, '.pass2')]);
    const three = answers(small(shared));
    const grown = answers(withPasses(withPasses(small(shared), 2), 3));
    three.forEach((answer, at) => expect(largestDifference(answer, grown[at])).toBeLessThan(1e-12));
  });
});

describe('gates', () => {
  it.each([
    ['sigmoid2', 0, 2],
    ['sigmoid', 0, 1],
    ['onePlusTanh', 0, 2],
    ['tanh', -1, 1],
  ] as const)('%s lies between %i and %i, and reaches for both', (activation, low, high) => {
    const taps = [1, 2, 3].map((stage) => `pass2.stage${stage}.gate`);
    const network = withTensors(tinyGated({ passes: 2, activation }), (name, { shape, values }) =>
      name.includes('.gate.conv') ? { shape, values: values.map((value) => 4 * value) } : undefined,
    );
    const values = [...tapped(network, taps).values()].flatMap((gate) => [...gate.values]);
    const [least, most] = [Math.min(...values), Math.max(...values)];
    expect(least).toBeGreaterThanOrEqual(low);
    expect(most).toBeLessThanOrEqual(high);
    expect(most - least).toBeGreaterThan((high - low) / 2);
  });

  it('a gate closed on one channel takes that channel away, in later passes', () => {
    const closed = 5;
    const open = tinyGated({ passes: 2, routing: 'top' });
    const network = withTensors(open, (name, { shape, values }) => {
      if (!name.startsWith('stage2.gate.conv')) return undefined;
      const fill = name.endsWith('bias') ? -40 : 0;
      return { shape, values: values.map((value, at) => (at % 16 === closed ? fill : value)) };
    });
    const kernel = open.tensors['stage2.conv1.kernel'];
    const without = {
      shape: kernel?.shape ?? [],
      values: (kernel?.values ?? new Float32Array()).map((value, at) =>
        Math.floor(at / 32) % 16 === closed ? 0 : value,
      ),
    };
    const blind = rewired(
      network,
      (layer) => (layer.id === 'pass2.stage2.conv1' && layer.op === 'conv' ? { ...layer, kernel: 'blind' } : layer),
      { blind: without },
    );
    expect(largestDifference(answers(network)[1], answers(blind)[1])).toBeLessThan(1e-12);
    expect(largestDifference(answers(network)[1], answers(open)[1])).toBeGreaterThan(1e-3);
  });

  it.each([
    [16, 16],
    [33, 21],
    [20, 34],
  ] as const)('a constant feedback map gives constant gates at every size: %i x %i', (height, width) => {
    const network = filled(
      tinyGated({ passes: 2, routing: 'top', image: [height, width] }),
      /^stage3.conv1.bn.gamma$/,
      0,
    );
    const values = Float32Array.from({ length: height * width * 3 }, (_, at) => Math.sin(at));
    const found = tapped(
      network,
      [1, 2, 3].map((stage) => `pass2.stage${stage}.gate`),
      {
        shape: [1, height, width, 3],
        values,
      },
    );
    const sizes = [...found.values()].map(({ shape }) => shape.slice(1, 3));
    const half = [Math.ceil(height / 2), Math.ceil(width / 2)];
    const quarter = [Math.ceil(height / 4), Math.ceil(width / 4)];
    expect(sizes).toEqual([half, half, quarter]);
    for (const { shape, values: gate } of found.values()) {
      const channels = shape.at(-1) ?? 1;
      gate.forEach((value, at) => expect(Math.abs(value - (gate[at % channels] ?? NaN))).toBeLessThan(1e-12));
    }
  });

  it('moves with the image: a shift by one cell of the top grid shifts the answer', () => {
    const jump = 4;
    const network = tinyGated({ passes: 1, image: [64, 64] });
    const before = gatedImages(1, 64);
    const moved = new Float32Array(before.values.length);
    const row = 64 * 3;
    for (let y = jump; y < 64; y++) moved.set(before.values.subarray((y - jump) * row, (y - jump + 1) * row), y * row);
    const [[then], [now]] = [answers(network, before), answers(network, { ...before, values: moved })];
    for (let y = 24; y < 44; y++) {
      for (let at = 24 * 4; at < 40 * 4; at++) {
        const [expected, found] = [then?.values[(y - jump) * 256 + at], now?.values[y * 256 + at]];
        expect(Math.abs((found ?? NaN) - (expected ?? NaN))).toBeLessThan(1e-9);
      }
    }
  });
});

describe('the cascade', () => {
  it('with open propagators and translations that change nothing is the direct route from the top', () => {
    // All stages cut to 16 channels, so that a translation can be the identity; 1x1 gates commute with resizing.
    const narrow = (routing: Routing): Network => {
      const wide = tinyGated({ passes: 2, routing });
      const tail = (count: number) => Array.from({ length: count }, (_, at) => 16 + at);
      const lane = routing === 'cascade' ? { 'pass2.stage2.feedback.conv': tail(16) } : {};
      const asked = { 'pass1.stage2.conv1': tail(16), 'pass1.stage3.conv1': tail(32), ...lane };
      return cutChannels(wide, closeUnderCoupling(wide.graph, asked));
    };
    const identity = Float32Array.from({ length: 256 }, (_, at) => (at % 17 === 0 ? 1 : 0));
    const cascade = withTensors(filled(narrow('cascade'), /propagator|feedback\.conv\.bias/, 0), (name) =>
      /feedback\.conv\.kernel/.test(name) ? { shape: [1, 1, 16, 16], values: identity } : undefined,
    );
    const top = narrow('top');
    const same = { ...top, tensors: { ...top.tensors, ...cascade.tensors } };
    answers(cascade).forEach((answer, at) => expect(largestDifference(answer, answers(same)[at])).toBeLessThan(1e-10));
  });

  it('routes that differ below the top agree where only the top stage is gated', () => {
    const [first, ...others] = routings.map((routing) => answers(tinyGated({ passes: 2, routing, stages: [3] }))[1]);
    for (const other of others) expect(largestDifference(first, other)).toBe(0);
  });

  it.each<[Routing, number, readonly number[]]>([
    ['cascade', 1, [1]],
    ['cascade', 2, [1, 2]],
    ['cascade', 3, [1, 2, 3]],
    ['self', 2, [2]],
    ['above', 1, []],
    ['above', 2, [1]],
    ['above', 3, [2, 3]],
    ['top', 2, []],
    ['top', 3, [1, 2, 3]],
  ])('%s: what stage %i said before reaches the gates of stages %j', (routing, stage, reached) => {
    const network = tinyGated({ passes: 2, routing });
    const source = `pass1.stage${stage}.conv1.relu`;
    const disturbed = rewired(network, (layer) => {
      if (layer.id === source) {
        return [layer, { id: 'disturbed', op: 'scale', inputs: [source], factor: 1.3, offset: 0.1 }];
      }
      if (passOf(layer.id) !== 2) return layer;
      return { ...layer, inputs: layer.inputs.map((id) => (id === source ? 'disturbed' : id)) };
    });
    const taps = [1, 2, 3].map((at) => `pass2.stage${at}.gate.conv`);
    const [then, now] = [tapped(network, taps), tapped(disturbed, taps)];
    const changed = [1, 2, 3].filter((_, at) => {
      const tap = taps[at] ?? '';
      return largestDifference(then.get(tap), now.get(tap)) > 0;
    });
    expect(changed).toEqual(reached);
  });

  it('a closed propagator silences its level and those below, and no other', () => {
    const open = filled(tinyGated({ passes: 2 }), /feedback\.conv\.bias$/, 0);
    const closed = filled(
      filled(open, /^stage2\.propagator\.conv\.kernel$/, 0),
      /^stage2\.propagator\.conv\.bias$/,
      -40,
    );
    const taps = ['pass2.stage1.feedback', 'pass2.stage2.feedback', 'pass2.stage1.gate', 'pass2.stage3.gate.conv'];
    const [then, now] = [tapped(open, taps), tapped(closed, taps)];
    for (const level of taps.slice(0, 2)) {
      expect(Math.max(...(now.get(level)?.values ?? [NaN]).map(Math.abs))).toBeLessThan(1e-12);
      expect(Math.max(...(then.get(level)?.values ?? [NaN]).map(Math.abs))).toBeGreaterThan(0.1);
    }
    const bias = open.tensors['stage1.gate.conv.bias']?.values ?? new Float32Array();
    now.get('pass2.stage1.gate')?.values.forEach((value, at) => {
      expect(value).toBeCloseTo(2 / (1 + Math.exp(-(bias[at % 16] ?? NaN))), 10);
    });
    expect(largestDifference(now.get('pass2.stage3.gate.conv'), then.get('pass2.stage3.gate.conv'))).toBe(0);
  });

  it.each(['selfGate', 'feedbackGate', 'sum', 'noGate'] as const)(
    '%s: signals have the shape of their level',
    (propagator) => {
      const graph = gatedGraph({ backbone: 'fourStage', image: [50, 36], passes: 2, propagator });
      const shapes = inferShapes(graph);
      for (const stage of [1, 2, 3]) {
        const reader = graph.layers.find(({ id }) => id === `pass2.stage${stage}.gate.conv`);
        expect(shapes.get(reader?.inputs[0] ?? '')).toEqual(shapes.get(`pass1.stage${stage}.conv1.relu`));
      }
    },
  );

  it('two levels of one number: s = (1, 2), P = 0.5, Q = 0, M = 1 gives f = 1 and the modulator 1.46212', () => {
    const net = new GraphBuilder();
    const [s1, size] = [net.input([1, 1, 1]), [1, 1] as const];
    const s2 = net.scale('s2', s1, 2, 0);
    const feature = (layer: string) => ({ layer, size, channels: 1 });
    const plan = { ...gatingPlan({ backbone: 'shallow', passes: 2 }), stages: [1] };
    const stages = [feature(s1), feature(s2)];
    const [signal = feature(''), top] = feedbackSignals(net, plan, { stages, logits: feature(s2) });
    expect(top?.layer).toBe(s2);
    const graph = net.finish(modulated(net, plan, 1, feature(s1), signal).layer, signal.layer);
    const one = (value: number) => ({ shape: [1, 1, 1, 1], values: Float32Array.of(value) });
    const zero = { shape: [1], values: Float32Array.of(0) };
    const tensors = {
      'stage1.feedback.conv.kernel': one(0.5),
      'stage1.feedback.conv.bias': zero,
      'stage1.propagator.conv.kernel': one(0),
      'stage1.propagator.conv.bias': zero,
      'stage1.gate.conv.kernel': one(1),
      'stage1.gate.conv.bias': zero,
    };
    const network = { graph, tensors, meta: { name: 'by hand', history: [] } };
    const [gated, f1] = answers(network, { shape: [1, 1, 1, 1], values: Float32Array.of(1) });
    expect(f1?.values[0]).toBeCloseTo(1, 12);
    expect(gated?.values[0]).toBeCloseTo(1.46212, 5);
  });
});

describe('withPasses', () => {
  it.each([
    ['a network without passes', { layers: [], outputs: ['logits'] }, 2, 'The network has no passes'],
    ['more looks than one without gates', gatedGraph({ backbone: 'shallow' }), 2, 'The network was built for one look'],
    ['no looks', gatedGraph({ backbone: 'shallow', passes: 2 }), 0, 'A network looks 1, 2, 3 ... times, not 0.'],
  ])('refuses %s', (_, graph, passes, message) => {
    expect(() => withPasses({ graph, tensors: {}, meta: { name: '', history: [] } }, passes)).toThrow(message);
  });
});
