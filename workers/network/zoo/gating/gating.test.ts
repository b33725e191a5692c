import { describe, expect, it } from 'vitest';
import { networkCosts } from '../../costs';
import { NetworkError, type Graph } from '../../graph';
import { unrolledPasses } from '../../unrolled';
import { inferShapes, shapeText } from '../../shapes';
import { validateNetwork } from '../../validate';
import { buildGatedNetwork, gatedGraph, type GatedOptions } from './index';

const gated = (options: Partial<GatedOptions> = {}): Graph => gatedGraph({ backbone: 'shallow', ...options });

/** Parameters, and multiply-adds at 1, 2, 3 ... passes. */
function costsOver(passes: number, options: Partial<GatedOptions>): { parameters: number; macs: readonly number[] } {
  const graphs = Array.from({ length: passes }, (_, at) => gated({ ...options, passes: at + 1 }));
  const parameters = networkCosts(graphs.at(-1) ?? gated()).parameters;
  return { parameters, macs: graphs.map((graph) => networkCosts(graph).macs) };
}

describe('feed-forward controls', () => {
  // 3x3 convolutions at 16x16 up to stage 1, at 8x8 from there; gamma and beta of each; a 1x1 head with bias.
  // Convolutions 9 cin cout, the stem's 27 cout; 2 c for each batch norm; the head 48 * 4 + 4 (wide: 72 * 4 + 4).
  it.each([
    ['shallow', 21_588, 110_592 + 589_824 + 294_912 + 884_736 + 12_288],
    ['wide', 47_932, 165_888 + 1_327_104 + 663_552 + 1_990_656 + 18_432],
    ['deep', 54_036, 110_592 + 2 * 589_824 + (294_912 + 589_824) + (884_736 + 1_327_104) + 12_288],
    ['deeper', 104_980, 110_592 + 2 * 589_824 + (294_912 + 2 * 589_824) + (884_736 + 3 * 1_327_104) + 12_288],
  ] as const)('%s: %i parameters, %i multiply-adds', (backbone, parameters, macs) => {
    const costs = networkCosts(gatedGraph({ backbone }));
    expect([costs.parameters, costs.macs]).toEqual([parameters, macs]);
  });

  it('keep the sizes of the specification: 64 x 64 is answered over four stages', () => {
    const shapes = inferShapes(gatedGraph({ backbone: 'fourStage', passes: 2 }));
    const ends = ['stem.relu', 'pass1.stage1.conv1.relu', 'pass1.stage2.conv1.relu', 'pass2.stage4.conv1.relu'];
    expect(ends.map((id) => shapeText(shapes.get(id) ?? []))).toEqual(['32x32x16', '32x32x16', '16x16x24', '8x8x48']);
    expect(shapeText(shapes.get('pass2.prediction') ?? [])).toBe('64x64x4');
  });
});

describe('costs of gating', () => {
  const backbone = 21_588;
  const stages = 589_824 + 294_912 + 884_736;
  const [stem, head] = [110_592, 12_288];

  it.each([
    // RIGNet: gates of 16, 16 and 32 channels read 48 channels at 8x8.
    ['top', 1, 48 * 64 + 64, 48 * 64 * 64],
    ['top', 3, 9 * 48 * 64 + 64, 9 * 48 * 64 * 64],
    // Each level reads its own stage, at its own size.
    ['self', 1, 16 * 16 + 32 * 16 + 48 * 32 + 64, 16 * 16 * 256 + 32 * 16 * 64 + 48 * 32 * 64],
    ['above', 1, 32 * 16 + 48 * 16 + 48 * 32 + 64, 32 * 16 * 64 + 48 * 16 * 64 + 48 * 32 * 64],
    [
      'cascade',
      1,
      32 * 16 + 16 + 16 * 16 + 16 + (48 * 32 + 32 + 32 * 32 + 32) + (16 * 16 + 32 * 16 + 48 * 32 + 64),
      32 * 16 * 64 + 256 * 256 + (48 * 32 * 64 + 1024 * 64) + (16 * 16 * 256 + 32 * 16 * 64 + 48 * 32 * 64),
    ],
  ] as const)('%s, %i x %i gates: by hand, and affine in the passes', (routing, kernel, parameters, macs) => {
    const found = costsOver(4, { routing, kernel });
    expect(found.parameters).toBe(backbone + parameters);
    expect(found.macs).toEqual([1, 2, 3, 4].map((t) => stem + t * (stages + head) + (t - 1) * macs));
  });

  // What gates add to the parameters of the backbone and to the multiply-adds of every pass after the first. Stages 1 to 3 have 16, 32
  // and 48 channels at 16x16, 8x8 and 8x8 (256, 64, 64 pixels); gates act on 16, 16 and 32 channels.
  it.each<[string, Partial<GatedOptions>, number, number]>([
    [
      'separable DIGNet',
      { routing: 'cascade', kernel: 3, separable: true },
      32 * 16 + 16 + 48 * 32 + 32 + (9 * 16 + 256 + 16) + (9 * 32 + 1024 + 32) + 9 * 96 + (256 + 512 + 1536) + 64,
      (512 + 1536) * 64 +
        ((144 + 256) * 256 + (288 + 1024) * 64) +
        ((144 + 256) * 256 + (288 + 512) * 64 + (432 + 1536) * 64),
    ],
    [
      'separable RIGNet',
      { routing: 'top', kernel: 3, separable: true },
      3 * 9 * 48 + 48 * 64 + 64,
      (3 * 9 * 48 + 48 * 64) * 64,
    ],
    ['one factor a pixel', { routing: 'top', granularity: 'spatial' }, 3 * (48 + 1), 3 * 48 * 64],
    ['one factor a channel', { routing: 'top', granularity: 'channel', kernel: 3 }, 48 * 64 + 64, 48 * 64],
    ['gates on outputs', { routing: 'top', position: 'output' }, 48 * 96 + 96, 48 * 96 * 64],
    ['two gated stages', { routing: 'top', stages: [1, 3] }, 48 * 48 + 48, 48 * 48 * 64],
    ['feedback added', { routing: 'top', combine: 'add' }, 48 * 64 + 64, 48 * 64 * 64],
    [
      'a feedback gate',
      { propagator: 'feedbackGate', kernel: 3 },
      512 + 16 + 1536 + 32 + (256 + 16 + 1024 + 32) + 9 * (256 + 512 + 1536) + 64,
      (512 + 1536) * 64 + 256 * 256 + 1024 * 64 + 9 * (256 * 256 + 512 * 64 + 1536 * 64),
    ],
    [
      'a sum',
      { propagator: 'sum' },
      512 + 16 + 1536 + 32 + (256 + 16 + 1024 + 32) + (256 + 512 + 1536) + 64,
      (512 + 1536) * 64 + 256 * 256 + 1024 * 64 + (256 * 256 + 512 * 64 + 1536 * 64),
    ],
    [
      'no propagator',
      { propagator: 'noGate' },
      512 + 16 + 1536 + 32 + (256 + 512 + 1536) + 64,
      (512 + 1536) * 64 + (256 * 256 + 512 * 64 + 1536 * 64),
    ],
  ])('%s: by hand', (_, options, parameters, macs) => {
    const found = costsOver(3, options);
    expect(found.parameters).toBe(backbone + parameters);
    expect(found.macs).toEqual([1, 2, 3].map((t) => stem + t * (stages + head) + (t - 1) * macs));
  });

  it('gated residual stages: three 1x1 gates from 64 channels at 8x8 on 16, 16 and 32', () => {
    const [plain, once, twice] = [1, 2, 3].map((passes) =>
      networkCosts(gatedGraph({ backbone: 'resnet8', passes, routing: 'top' })),
    );
    const gates = 64 * (16 + 16 + 32);
    expect((once?.parameters ?? 0) - (plain?.parameters ?? 0)).toBe(gates + 64);
    expect(twice?.parameters).toBe(once?.parameters);
    // The stem, 27 * 16 at 32x32, runs once.
    const pass = (plain?.macs ?? 0) - 27 * 16 * 1024;
    expect(twice?.macs).toBe((plain?.macs ?? 0) + 2 * (pass + gates * 64));
  });

  it.each<[string, Partial<GatedOptions>, number, readonly string[]]>([
    ['DIGNet, 1x1', { routing: 'cascade', kernel: 1 }, 27_380, ['1.89', '4.13']],
    ['DIGNet, 3x3', { routing: 'cascade', kernel: 3 }, 56_052, ['1.89', '6.75', '11.62', '16.48']],
    ['RIGNet, 1x1', { routing: 'top', kernel: 1 }, 24_724, ['1.89', '3.87', '5.85']],
    ['RIGNet, 3x3', { routing: 'top', kernel: 3 }, 49_300, ['1.89', '5.44', '8.99', '12.55']],
    ['RIGNet from logits, 3x3', { routing: 'top', kernel: 3, feedback: 'logits' }, 23_956, ['1.89', '3.82']],
    ['self', { routing: 'self' }, 23_956, ['1.89', '3.87']],
    ['above', { routing: 'above' }, 24_468, ['1.89', '3.85']],
  ])('%s: the check values of the specification', (_, options, parameters, macs) => {
    const found = costsOver(macs.length, options);
    expect(found.parameters).toBe(parameters);
    expect(found.macs.map((count) => (count / 1e6).toFixed(2))).toEqual(macs);
  });

  it('frozen gates cost what gates cost, and the variables do not depend on the passes', () => {
    const [one, other] = [gated({ passes: 2, combine: 'frozen' }), gated({ passes: 2 })].map((g) => networkCosts(g));
    expect([one?.macs, one?.parameters]).toEqual([other?.macs, other?.parameters]);
    const names = (passes: number): readonly string[] =>
      Object.keys(buildGatedNetwork({ backbone: 'shallow', passes, statistics: 'shared', seed: 1 }).tensors);
    expect(names(4)).toEqual(names(2));
  });
});

const variants: readonly Partial<GatedOptions>[] = [
  { routing: 'top', feedback: 'logits' },
  { routing: 'self', activation: 'tanh' },
  { routing: 'above', granularity: 'spatial', kernel: 3 },
  { routing: 'cascade', granularity: 'channel' },
  { routing: 'cascade', kernel: 3, separable: true },
  { propagator: 'feedbackGate' },
  { propagator: 'sum', activation: 'onePlusTanh' },
  { propagator: 'noGate', activation: 'sigmoid' },
  { position: 'output' },
  { combine: 'add' },
  { combine: 'frozen' },
  { stages: [2] },
  { statistics: 'shared' },
  { image: [33, 21] },
  { backbone: 'fourStage', kernel: 3 },
  { backbone: 'resnet8', routing: 'top' },
  { backbone: 'resnet20', granularity: 'channel' },
];

describe('gatedGraph', () => {
  it.each(variants)('%j is a valid network with an answer per pass', (variant) => {
    const network = buildGatedNetwork({ backbone: 'shallow', passes: 3, seed: 2, ...variant });
    validateNetwork(network);
    const shapes = inferShapes(network.graph);
    const [first, ...others] = network.graph.outputs.map((id) => shapeText(shapes.get(id) ?? []));
    const wanted = variant.backbone?.startsWith('resnet') === true ? '10' : undefined;
    expect(others).toEqual([first, first]);
    if (wanted !== undefined) expect(first).toBe(wanted);
    else expect(first?.endsWith('x4')).toBe(true);
  });

  it.each(variants)('%j: gates have the shape of what they gate, or are spread over it', (variant) => {
    const graph = gated({ passes: 3, ...variant });
    const shapes = inferShapes(graph);
    const passes = unrolledPasses(graph) ?? [];
    expect(passes.map(({ gates }) => gates.length > 0)).toEqual(
      variant.combine === 'add' ? [false, false, false] : [false, true, true],
    );
    for (const { layer, features } of passes.flatMap(({ gates }) => gates)) {
      const [gate = [], own = []] = [shapes.get(layer), shapes.get(features)];
      const [height, width, channels] = own;
      const expected = {
        full: own,
        spatial: [height, width, 1],
        channel: [1, 1, channels],
      }[variant.granularity ?? 'full'];
      expect(gate).toEqual(expected);
    }
  });

  it('gates the stages it is told to, at the place it is told to', () => {
    const [input, output] = (['input', 'output'] as const).map((position) =>
      unrolledPasses(gated({ passes: 2, stages: [1, 3], position }))?.[1]?.gates.map(({ stage, features }) => [
        stage,
        features,
      ]),
    );
    expect(input).toEqual([
      [1, 'stem.relu'],
      [3, 'pass2.stage2.conv1.relu'],
    ]);
    expect(output).toEqual([
      [1, 'pass2.stage1.conv1.relu'],
      [3, 'pass2.stage3.conv1.relu'],
    ]);
  });

  it('gates a residual stage once, before both branches of its first block', () => {
    const graph = gated({ backbone: 'resnet8', passes: 2 });
    const readers = graph.layers.filter(({ inputs }) => inputs.includes('pass2.stage2.gated')).map(({ id }) => id);
    expect(readers).toEqual(['pass2.stage2.block1.conv1', 'pass2.stage2.block1.projection']);
  });

  it('shares all but running statistics: gamma and beta once, mean and variance per pass', () => {
    const norms = (options: Partial<GatedOptions>) =>
      gated({ passes: 3, ...options }).layers.flatMap((layer) =>
        layer.op === 'batchNorm' && layer.id.endsWith('stage1.conv1.bn') ? [[layer.gamma, layer.mean]] : [],
      );
    const id = 'stage1.conv1.bn';
    expect(norms({})).toEqual([1, 2, 3].map((pass) => [`${id}.gamma`, `${id}.mean.pass${pass}`]));
    expect(norms({ statistics: 'shared' })).toEqual([1, 2, 3].map(() => [`${id}.gamma`, `${id}.mean.pass1`]));
  });

  it.each<[GatedOptions, string]>([
    [{ backbone: 'shallow', passes: 0 }, 'Gated shallow: it looks 1 to 8 times, not 0.'],
    [{ backbone: 'shallow', stages: [4] }, 'Gated shallow: there is no stage 4 to gate, only 1 to 3.'],
    [{ backbone: 'shallow', stages: [] }, 'Gated shallow: name at least one stage to gate, or one pass for none.'],
    [{ backbone: 'deep', feedback: 'logits' }, 'Gated deep: logits are fed back by the "top" routing only.'],
    [
      { backbone: 'resnet8', feedback: 'logits', routing: 'top' },
      'Gated resnet8: the logits of a classifier have no place to be fed back to.',
    ],
    [{ backbone: 'resnet8', image: [64, 64] }, 'Gated resnet8: a residual backbone takes images of 32 x 32.'],
    [{ backbone: 'shallow', separable: true }, 'Gated shallow: separable gates have kernels of 3: a 1x1'],
    [
      { backbone: 'shallow', combine: 'add', granularity: 'channel' },
      'Gated shallow: what is added must have a value for each pixel and channel.',
    ],
  ])('%j: %s', (options, message) => {
    expect(() => gatedGraph(options)).toThrow(NetworkError);
    expect(() => gatedGraph(options)).toThrow(message);
  });
});
