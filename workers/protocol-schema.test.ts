import * as fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { CommandName, Commands, StudioEvent } from './protocol';
import { eventSchema, paramSchemas, resultSchemas } from './protocol-schema';
import { parseRecipe } from './session/recipe';

type DeepReadonly<T> = T extends Float32Array | Uint16Array | Uint8Array | File | Blob
  ? T
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;
/** What a schema takes in; message types must fit, or the schema forgot a field or a value. */
type Taken<S> = S extends v.GenericSchema ? DeepReadonly<v.InferInput<S>> : never;

type ParamsMissed = {
  [C in CommandName]: Commands[C]['params'] extends Taken<(typeof paramSchemas)[C]> ? never : C;
}[CommandName];
type ResultsMissed = {
  [C in CommandName]: Commands[C]['result'] extends Taken<(typeof resultSchemas)[C]> ? never : C;
}[CommandName];
type EventMissed = Exclude<StudioEvent, Taken<typeof eventSchema>>;

const recipe = parseRecipe({
  version: 1,
  name: 'tiny',
  network: { source: 'zoo', architecture: 'resnet8' },
  data: { source: 'shapes10' },
  stages: [
    { stage: 'score', method: 'l1' },
    { stage: 'prune', budget: 0.5 },
  ],
});

const goodParams = {
  start: { device: 'auto', baseUrl: 'http://localhost:5173/' },
  openNetwork: { source: { source: 'shipped', id: 'resnet20-shapes10' }, files: [], seed: 3 },
  tryInputs: { network: 'n', dataset: 'd' },
  describeInput: { network: 'n', normalisation: { mean: [0], std: [1] }, order: 'RGB', classes: null },
  openDataset: { source: { source: 'shapes10' }, files: [new File(['x'], 'x.bin')] },
  score: { network: 'n', dataset: null, method: 'l1', settings: { images: 64, fast: true }, seed: 1 },
  sensitivity: {
    network: 'n',
    dataset: 'd',
    scores: { stem: new Float32Array(4) },
    reduction: 'mean',
    normalise: 'layerMean',
    images: 512,
  },
  spectra: { network: 'n', method: 'svd', settings: { scheme: 'spatial' } },
  preview: { network: 'n', dataset: 'd', removed: { stem: [0, 3] }, images: 512, recalibrate: true },
  recover: { network: 'n', dataset: 'd', removed: { stem: [0] }, images: 256 },
  evaluate: { network: 'n', dataset: 'd', split: 'test', images: null },
  kernels: { network: 'n', layer: 'stem' },
  measureLayer: { network: 'n', layer: 'stem', removed: {}, batch: 64 },
  compareNetworks: { networks: ['n', 'm'], dataset: 'd', split: 'validation', images: 512 },
  timeNetworks: { networks: ['n', 'm'], batch: 64 },
  imagesAt: { dataset: 'd', split: 'validation', indices: [0, 7] },
  startRun: { recipe, network: null, dataset: null, files: [] },
  controlRun: { run: 'r', action: 'pause' },
  setKnob: { run: 'r', setting: 'rate', value: 0.1 },
  listRuns: null,
  looks: { network: 'n', dataset: 'd', split: 'validation', image: 3, passes: 4 },
  evidence: { network: 'n', dataset: 'd', split: 'validation', image: 3, passes: null, row: 0, column: 31 },
  deleteRun: { run: 'r' },
  renameCandidate: { run: 'r', candidate: 'c', name: 'the one to ship' },
  metricsOf: { run: 'r' },
  telemetryOf: { run: 'r' },
  openCandidate: { run: 'r', candidate: 'c' },
  exportNetwork: { network: 'n', run: null, dataset: null, format: 'safetensors' },
} satisfies { [C in CommandName]: Commands[C]['params'] };

const goodEvents: readonly StudioEvent[] = [
  { kind: 'warning', message: 'Mind the step.' },
  { kind: 'run', event: { run: 'r', event: 'state', state: 'running' } },
  { kind: 'run', event: { run: 'r', event: 'proof', maxAbsLogitDifference: 1e-6 } },
  {
    kind: 'run',
    event: {
      run: 'r',
      event: 'metrics',
      points: Array.from({ length: 20 }, (_, step) => ({
        stage: 0,
        epoch: 0,
        step,
        loss: 2.3,
        accuracy: 0.1,
        split: null,
        learningRate: 0.1,
      })),
    },
  },
  {
    kind: 'run',
    event: {
      run: 'r',
      event: 'telemetry',
      stage: 0,
      step: 4,
      total: 9,
      telemetry: { values: { norm: 2 }, layers: { stem: { gate: new Float32Array(16) } } },
    },
  },
  {
    kind: 'run',
    event: {
      run: 'r',
      event: 'candidate',
      candidate: {
        id: 'c',
        run: 'r',
        stage: 'prune',
        kind: 'cut',
        macs: 50,
        parameters: 5,
        share: 0.5,
        accuracy: null,
        split: 'validation',
        images: 0,
        removed: { stem: [1] },
        stored: true,
      },
    },
  },
];

const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31);

describe('schemas and types say the same', () => {
  it('at compile time, both ways', () => {
    expectTypeOf<ParamsMissed>().toBeNever();
    expectTypeOf<ResultsMissed>().toBeNever();
    expectTypeOf<EventMissed>().toBeNever();
  });

  it.each(Object.keys(goodParams) as CommandName[])('good parameters of %s pass unchanged', (command) => {
    expect(v.parse(paramSchemas[command], goodParams[command])).toEqual(goodParams[command]);
  });

  it('good events pass unchanged', () => {
    for (const event of goodEvents) expect(v.parse(eventSchema, event)).toEqual(event);
  });
});

describe('wrong messages', () => {
  it.each([
    ['start', { device: 'cpu', baseUrl: 'http://localhost/' }, 'device'],
    ['preview', { ...goodParams.preview, removed: { stem: [0.5] } }, 'removed.stem.0'],
    ['preview', { ...goodParams.preview, extra: 1 }, 'extra'],
    ['score', { ...goodParams.score, seed: -1 }, 'seed'],
    ['sensitivity', { ...goodParams.sensitivity, scores: { stem: [1, 2] } }, 'scores.stem'],
    ['openDataset', { source: { source: 'shapes10' }, files: ['x.bin'] }, 'files.0'],
    ['startRun', { ...goodParams.startRun, recipe: { ...recipe, stages: [] } }, 'recipe.stages'],
    ['setKnob', { run: 'r', setting: 'rate', value: Infinity }, 'value'],
  ] as const)('%s is refused at the right place', (command, params, path) => {
    const result = v.safeParse(paramSchemas[command], params);
    expect(result.success).toBe(false);
    if (!result.success) expect(v.getDotPath(result.issues[0])).toBe(path);
  });

  it('typed arrays must have the length of their shape', () => {
    const good = { filters: 4, size: [3, 3], magnitude: new Float32Array(36), rgb: new Float32Array(108) };
    expect(v.is(resultSchemas.kernels, good)).toBe(true);
    expect(v.is(resultSchemas.kernels, { ...good, magnitude: new Float32Array(35) })).toBe(false);
    expect(v.is(resultSchemas.kernels, { ...good, rgb: new Float32Array(36) })).toBe(false);
    const map = { stage: 1, size: [2, 3], map: new Float32Array(6), channels: new Float32Array(4) };
    const pass = { prediction: new Uint8Array(4), probabilities: null, accuracy: 0.5, gates: [map] };
    const looks = { image: new Uint8Array(12), size: [2, 2], truth: new Uint8Array(4), label: null, passes: [pass] };
    expect(v.is(resultSchemas.looks, looks)).toBe(true);
    expect(v.is(resultSchemas.looks, { ...looks, truth: new Uint8Array(3) })).toBe(false);
    expect(v.is(resultSchemas.looks, { ...looks, passes: [{ ...pass, gates: [{ ...map, size: [2, 2] }] }] })).toBe(
      false,
    );
    expect(v.is(resultSchemas.sensitivity, { sensitivity: { stem: { removed: [0.5], accuracy: [] } } })).toBe(false);
  });

  it(`10,000 mutated messages never throw and are checked in 0.2 ms at the 95th percentile (FUZZ_SEED=${seed})`, () => {
    const targets: readonly (readonly [v.GenericSchema, object])[] = [
      ...(Object.keys(goodParams) as CommandName[]).flatMap((command) => {
        const params = goodParams[command];
        return params === null ? [] : [[paramSchemas[command], params] as const];
      }),
      ...goodEvents.map((event) => [eventSchema, event] as const),
    ];
    const times: number[] = [];
    const mutation = fc
      .tuple(fc.constantFrom(...targets), fc.nat(), fc.anything({ withTypedArray: true }))
      .map(([[schema, good], pick, value]) => {
        const keys = Object.keys(good);
        return [schema, { ...good, [keys[pick % keys.length] ?? 'extra']: value }] as const;
      });
    fc.assert(
      fc.property(mutation, ([schema, message]) => {
        const start = performance.now();
        v.safeParse(schema, message);
        times.push(performance.now() - start);
      }),
      { seed, numRuns: 10_000 },
    );
    times.sort((a, b) => a - b);
    expect(times[Math.floor(times.length * 0.95)]).toBeLessThan(0.2);
  });
});
