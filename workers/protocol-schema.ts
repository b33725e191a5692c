/**
 * Checks on every message of the studio protocol: parameters on the worker's side, events and results on the page's.
 *
 * `protocol.ts` holds the types; `satisfies` and the type tests beside this file keep both in step. Typed arrays are
 * checked for their length wherever the message itself says what it must be.
 */
import * as v from 'valibot';
import type { Graph, NetworkMeta } from './network/graph';
import { evidenceSchema, looksSchema } from './protocol-looks-schema';
import type { Commands, MethodDeclaration, StudioEvent } from './protocol';
import type { ParamSchemas } from './rpc';
import {
  DataSourceSchema,
  NetworkSourceSchema,
  RecipeSchema,
  SettingsSchema,
  SplitSchema,
  StageSchema,
} from './session/recipe';

/** For the page, which reads recipes out of links, files and lessons. */
export {
  CutRulesSchema,
  DataSourceSchema,
  NetworkSourceSchema,
  RecipeSchema,
  SettingsSchema,
  StageSchema,
  TrainingChangeSchema,
} from './session/recipe';

const text = v.string();
const handle = v.pipe(v.string(), v.minLength(1), v.maxLength(300));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const positive = v.pipe(v.number(), v.integer(), v.minValue(1));
const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const seed = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffffffff));
const files = v.array(v.instance(File));
const floats = v.custom<Float32Array>((value) => value instanceof Float32Array, 'expected a Float32Array');
const normalisation = v.strictObject({
  mean: v.array(v.pipe(v.number(), v.finite())),
  std: v.array(v.pipe(v.number(), v.finite())),
});
const removed = v.record(v.string(), v.array(count));
const scores = v.record(v.string(), floats);
const normalise = v.picklist(['layerMean', 'none']);
const scheme = v.picklist(['channel', 'spatial']);
const stageName = v.picklist(StageSchema.options.map(({ entries }) => entries.stage.literal));

const look = {
  network: handle,
  dataset: handle,
  split: SplitSchema,
  image: count,
  passes: v.nullable(v.pipe(positive, v.maxValue(16))),
};

export const paramSchemas = {
  start: v.strictObject({ device: v.picklist(['auto', 'webgpu', 'wasm']), baseUrl: v.pipe(v.string(), v.url()) }),
  openNetwork: v.strictObject({ source: NetworkSourceSchema, files, seed: v.optional(seed) }),
  tryInputs: v.strictObject({ network: handle, dataset: handle }),
  describeInput: v.strictObject({
    network: handle,
    normalisation,
    order: v.picklist(['RGB', 'BGR']),
    classes: v.nullable(v.pipe(v.array(text), v.maxLength(100_000))),
  }),
  openDataset: v.strictObject({ source: DataSourceSchema, files }),
  score: v.strictObject({
    network: handle,
    dataset: v.nullable(handle),
    method: text,
    settings: SettingsSchema,
    seed,
  }),
  spectra: v.strictObject({ network: handle, method: text, settings: SettingsSchema }),
  sensitivity: v.strictObject({
    network: handle,
    dataset: handle,
    scores,
    reduction: v.picklist(['mean', 'max', 'sum', 'first']),
    normalise,
    images: positive,
  }),
  preview: v.strictObject({
    network: handle,
    dataset: handle,
    removed,
    truncation: v.optional(v.strictObject({ scheme, ranks: v.record(v.string(), positive) })),
    images: positive,
    recalibrate: v.boolean(),
  }),
  recover: v.strictObject({
    network: handle,
    dataset: handle,
    removed,
    truncation: v.optional(v.strictObject({ scheme, ranks: v.record(v.string(), positive) })),
    images: positive,
  }),
  evaluate: v.strictObject({
    network: handle,
    dataset: handle,
    split: SplitSchema,
    images: v.nullable(positive),
    passes: v.optional(v.pipe(positive, v.maxValue(16))),
  }),
  kernels: v.strictObject({ network: handle, layer: handle }),
  measureLayer: v.strictObject({
    network: handle,
    layer: handle,
    removed,
    batch: v.pipe(positive, v.maxValue(1024)),
  }),
  compareNetworks: v.strictObject({
    networks: v.pipe(v.array(handle), v.minLength(1), v.maxLength(5)),
    dataset: handle,
    split: SplitSchema,
    images: v.nullable(positive),
  }),
  timeNetworks: v.strictObject({
    networks: v.pipe(v.array(handle), v.minLength(1), v.maxLength(5)),
    batch: v.pipe(positive, v.maxValue(1024)),
  }),
  imagesAt: v.strictObject({
    dataset: handle,
    split: SplitSchema,
    indices: v.pipe(v.array(count), v.maxLength(1000)),
  }),
  looks: v.strictObject(look),
  evidence: v.strictObject({ ...look, row: count, column: count }),
  startRun: v.strictObject({
    recipe: RecipeSchema,
    network: v.nullable(handle),
    dataset: v.nullable(handle),
    files,
  }),
  controlRun: v.strictObject({ run: handle, action: v.picklist(['pause', 'resume', 'step', 'stop']) }),
  setKnob: v.strictObject({ run: handle, setting: text, value: v.pipe(v.number(), v.finite()) }),
  listRuns: v.null(),
  deleteRun: v.strictObject({ run: handle }),
  renameCandidate: v.strictObject({ run: handle, candidate: handle, name: v.pipe(text, v.maxLength(80)) }),
  metricsOf: v.strictObject({ run: handle }),
  telemetryOf: v.strictObject({ run: handle }),
  openCandidate: v.strictObject({ run: handle, candidate: handle }),
  exportNetwork: v.strictObject({
    network: v.nullable(handle),
    run: v.nullable(handle),
    dataset: v.nullable(handle),
    format: v.picklist([
      ...(['safetensors', 'onnx', 'tfjs-layers', 'tfjs-graph', 'keras', 'pytorch'] as const),
      ...(['everything', 'project', 'recipe', 'metrics'] as const),
    ]),
  }),
} satisfies ParamSchemas<Commands>;

const errorSchema = v.strictObject({
  kind: text,
  message: text,
  data: v.record(v.string(), v.union([v.string(), v.number()])),
});

export const deviceSchema = v.strictObject({
  kind: v.picklist(['webgpu', 'wasm']),
  description: text,
  reason: text,
  threads: count,
  simd: v.boolean(),
  maxBufferBytes: v.optional(v.number()),
  selfCheckError: v.number(),
});

const metric = v.picklist(['accuracy', 'mIoU']);

const classCounts = v.strictObject({ correct: count, count, answered: count });

const passFigures = v.strictObject({
  macs: count,
  accuracy: share,
  mIoU: v.nullable(share),
  loss: v.number(),
  perClass: v.array(classCounts),
  bands: v.array(v.strictObject({ name: text, correct: count, count })),
  byDistance: v.strictObject({ correct: v.array(count), count: v.array(count) }),
});

const passPoints = v.array(v.strictObject({ macs: count, accuracy: share }));

const candidateSchema = v.strictObject({
  id: handle,
  run: handle,
  stage: stageName,
  kind: v.picklist(['original', 'trained', 'cut', 'recalibrated', 'reconstructed', 'final', 'checkpoint']),
  macs: count,
  parameters: count,
  share: v.number(),
  accuracy: v.nullable(share),
  metric: v.optional(metric),
  passes: v.optional(passPoints),
  split: SplitSchema,
  images: count,
  removed: v.optional(removed),
  name: v.optional(text),
  stageIndex: v.optional(count),
  hash: v.optional(text),
  stored: v.boolean(),
});

const stateSchema = v.picklist(['waiting', 'running', 'paused', 'finished', 'stopped', 'failed', 'interrupted']);

export const evaluationSchema = v.strictObject({
  stage: count,
  split: SplitSchema,
  images: count,
  accuracy: share,
  metric: v.optional(metric),
  loss: v.number(),
  passes: v.optional(v.array(passFigures)),
});

const resultSchema = v.strictObject({
  device: text,
  seconds: v.number(),
  seed,
  split: SplitSchema,
  images: count,
  macs: v.strictObject({ original: count, kept: count, share: v.number() }),
  parameters: v.strictObject({ original: count, kept: count }),
  accuracy: v.strictObject({
    original: v.nullable(share),
    cut: v.nullable(share),
    recalibrated: v.nullable(share),
    final: v.nullable(share),
  }),
  metric: v.optional(metric),
  passes: v.optional(passPoints),
  proof: v.strictObject({ maxAbsLogitDifference: v.nullable(v.number()) }),
  imagesPerSecond: v.nullable(v.number()),
  multiplyAddsPerSecond: v.nullable(v.number()),
  trainingSteps: count,
  testUses: count,
  method: v.nullable(text),
  evaluations: v.optional(v.array(evaluationSchema)),
  notes: v.array(text),
});

const knobSchema = v.strictObject({ stage: count, step: count, setting: text, value: v.number() });

export const runSummarySchema = v.strictObject({
  run: handle,
  name: text,
  recipe: RecipeSchema,
  state: stateSchema,
  started: v.number(),
  candidates: v.array(candidateSchema),
  result: v.nullable(resultSchema),
  error: v.nullable(errorSchema),
  knobs: v.optional(v.array(knobSchema)),
  origin: v.picklist(['reference', 'here', 'replay']),
});

export const metricSchema = v.strictObject({
  stage: count,
  epoch: v.number(),
  step: count,
  loss: v.number(),
  accuracy: v.nullable(share),
  split: v.nullable(SplitSchema),
  learningRate: v.number(),
});

const progressSchema = v.strictObject({
  stage: count,
  stageName,
  note: text,
  done: v.number(),
  total: v.number(),
  imagesPerSecond: v.nullable(v.number()),
  multiplyAddsPerSecond: v.nullable(v.number()),
  secondsLeft: v.nullable(v.number()),
});

const telemetrySchema = v.strictObject({
  values: v.record(v.string(), v.number()),
  layers: v.optional(v.record(v.string(), v.record(v.string(), floats))),
});

const sampleEntries = { stage: count, step: count, total: count, telemetry: telemetrySchema };

const run = handle;
const runEventSchema = v.variant('event', [
  v.strictObject({ run, event: v.literal('state'), state: stateSchema }),
  v.strictObject({
    run,
    event: v.literal('stage'),
    stage: count,
    stageName,
    state: v.picklist(['started', 'finished']),
  }),
  v.strictObject({ run, event: v.literal('progress'), progress: progressSchema }),
  v.strictObject({ run, event: v.literal('metrics'), points: v.array(metricSchema) }),
  v.strictObject({ run, event: v.literal('telemetry'), ...sampleEntries }),
  v.strictObject({ run, event: v.literal('candidate'), candidate: candidateSchema }),
  v.strictObject({ run, event: v.literal('proof'), maxAbsLogitDifference: v.number() }),
  v.strictObject({ run, event: v.literal('saved'), step: count }),
  v.strictObject({ run, event: v.literal('finished'), result: resultSchema }),
  v.strictObject({ run, event: v.literal('failed'), error: errorSchema }),
]);

export const eventSchema = v.variant('kind', [
  v.strictObject({ kind: v.literal('run'), event: runEventSchema }),
  v.strictObject({ kind: v.literal('device'), report: deviceSchema }),
  v.strictObject({ kind: v.literal('device-lost'), reason: text, recovering: v.boolean() }),
  v.strictObject({ kind: v.literal('storage'), message: text, bytesNeeded: v.nullable(v.number()) }),
  v.strictObject({ kind: v.literal('warning'), message: text }),
]) satisfies v.GenericSchema<unknown, StudioEvent>;

/** Structure is built by the engine's own validated code; the page needs the list to be a list. */
const graph = v.custom<Graph>(
  (value) =>
    v.is(
      v.object({
        layers: v.array(v.object({ id: v.string(), op: v.string(), inputs: v.array(v.string()) })),
        outputs: v.array(v.string()),
      }),
      value,
    ),
  'expected the layers and outputs of a network',
);

const networkView = v.strictObject({
  network: handle,
  graph,
  meta: v.custom<NetworkMeta>(
    (value) => v.is(v.object({ name: v.string(), history: v.array(v.unknown()) }), value),
    'expected the name and history of a network',
  ),
  hash: text,
  source: NetworkSourceSchema,
  notes: v.array(text),
});

export const shippedSchema = v.strictObject({
  id: handle,
  title: text,
  data: DataSourceSchema,
  accuracy: share,
  macs: count,
  parameters: count,
  recipe: text,
});

const methodDeclaration = v.custom<MethodDeclaration>(
  (value) => v.is(v.object({ id: v.string(), title: v.string(), settings: v.record(v.string(), v.unknown()) }), value),
  'expected the declaration of a method',
);

const counts = v.strictObject({ train: count, validation: count, test: count });
const milliseconds = v.pipe(v.number(), v.minValue(0));

const kernels = v.pipe(
  v.strictObject({
    filters: positive,
    size: v.strictTuple([positive, positive]),
    magnitude: floats,
    rgb: v.nullable(floats),
  }),
  v.check(
    ({ filters, size, magnitude, rgb }) =>
      magnitude.length === filters * size[0] * size[1] && (rgb === null || rgb.length === magnitude.length * 3),
    'magnitude must be [filters, kh, kw] and rgb [filters, kh, kw, 3]',
  ),
);

const sensitivity = v.record(
  v.string(),
  v.pipe(
    v.strictObject({ removed: v.array(share), accuracy: v.array(share) }),
    v.check((curve) => curve.removed.length === curve.accuracy.length, 'a curve needs one accuracy per removed share'),
  ),
);

const classIndices = v.custom<Uint16Array>((value) => value instanceof Uint16Array, 'expected a Uint16Array');
const bytes = v.custom<Uint8Array>((value) => value instanceof Uint8Array, 'expected a Uint8Array');

const comparison = v.pipe(
  v.strictObject({
    split: SplitSchema,
    images: count,
    labels: classIndices,
    answers: v.array(v.strictObject({ predictions: classIndices, margins: floats })),
    pairs: v.array(
      v.strictObject({
        first: count,
        second: count,
        onlyFirst: count,
        onlySecond: count,
        difference: v.number(),
        low: v.number(),
        high: v.number(),
        pValue: share,
      }),
    ),
    testUses: count,
  }),
  v.check(
    ({ images, labels, answers }) =>
      labels.length === images &&
      answers.every(({ predictions, margins }) => predictions.length === images && margins.length === images),
    'labels, predictions and margins must have one entry per image',
  ),
);

export const resultSchemas = {
  start: v.strictObject({
    device: deviceSchema,
    methods: v.array(methodDeclaration),
    shipped: v.array(shippedSchema),
    runs: v.array(runSummarySchema),
  }),
  openNetwork: networkView,
  tryInputs: v.strictObject({
    images: count,
    chance: share,
    tried: v.array(
      v.strictObject({ id: handle, title: text, order: v.picklist(['RGB', 'BGR']), normalisation, accuracy: share }),
    ),
  }),
  describeInput: networkView,
  openDataset: v.strictObject({
    dataset: handle,
    name: text,
    task: v.picklist(['classification', 'segmentation']),
    classes: v.array(text),
    shape: v.strictTuple([positive, positive, positive]),
    normalisation,
    counts,
    notes: v.array(text),
    source: DataSourceSchema,
  }),
  score: v.strictObject({ scores, normalise, seconds: v.number() }),
  spectra: v.strictObject({
    scheme,
    kernels: v.array(v.strictObject({ layers: v.array(handle), values: floats })),
  }),
  sensitivity: v.strictObject({ sensitivity }),
  preview: v.strictObject({ accuracy: share, recalibrated: v.nullable(share), images: count }),
  recover: v.strictObject({ accuracy: share, recalibrated: share, reconstructed: share }),
  evaluate: v.strictObject({
    accuracy: share,
    loss: v.number(),
    images: count,
    metric,
    perClass: v.array(classCounts),
    passes: v.array(v.strictObject({ ...passFigures.entries, confusion: v.array(count) })),
    seconds: v.number(),
    testUses: count,
  }),
  kernels,
  measureLayer: v.strictObject({ originalMs: milliseconds, cutMs: milliseconds }),
  compareNetworks: comparison,
  timeNetworks: v.strictObject({
    times: v.array(v.strictObject({ median: milliseconds, low: milliseconds, high: milliseconds })),
  }),
  imagesAt: v.strictObject({ shape: v.strictTuple([positive, positive, positive]), pixels: bytes }),
  looks: looksSchema,
  evidence: evidenceSchema,
  startRun: v.strictObject({ run: handle }),
  controlRun: v.strictObject({ state: stateSchema }),
  setKnob: v.null(),
  listRuns: v.strictObject({ runs: v.array(runSummarySchema) }),
  deleteRun: v.null(),
  renameCandidate: v.null(),
  metricsOf: v.strictObject({ points: v.array(metricSchema) }),
  telemetryOf: v.strictObject({ samples: v.array(v.strictObject(sampleEntries)) }),
  openCandidate: networkView,
  exportNetwork: v.strictObject({
    name: text,
    blob: v.instance(Blob),
    sha256: text,
    proof: v.nullable(v.strictObject({ maxAbsLogitDifference: v.number(), images: count })),
  }),
} satisfies { [C in keyof Commands]: v.GenericSchema<unknown, Commands[C]['result']> };
