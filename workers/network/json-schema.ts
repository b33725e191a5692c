/**
 * The JSON form of a graph and its meta, as a schema: version 2, current.
 *
 * Says which fields there are and of what type; whether they make a network is `validate.ts`'s matter.
 */
import * as v from 'valibot';

/** Far above any real network; keeps a hostile file from building a huge structure. */
const MAX_ITEMS = 100_000;
/** What a reader keeps of an operation it did not understand. */
const MAX_TEXT = 10_000_000;

const name = v.pipe(v.string(), v.minLength(1), v.maxLength(200));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const positive = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const names = v.pipe(v.array(name), v.maxLength(MAX_ITEMS));
const channels = v.pipe(v.array(count), v.maxLength(MAX_ITEMS));
const pair = v.strictTuple([positive, positive]);
const padding = v.strictTuple([count, count, count, count]);

const placed = { id: name, inputs: names };
const windowed = { kernelSize: pair, stride: pair, padding };
const weights = { kernel: name, bias: v.optional(name) };

const finite = v.pipe(v.number(), v.finite());
const shape = v.union([v.strictTuple([positive, positive, positive]), v.strictTuple([positive])]);
const text = v.pipe(v.string(), v.maxLength(MAX_TEXT));

export const LayerSchema = v.variant('op', [
  v.strictObject({
    op: v.literal('input'),
    ...placed,
    shape,
  }),
  v.strictObject({
    op: v.literal('conv'),
    ...placed,
    filters: positive,
    ...windowed,
    dilation: pair,
    groups: positive,
    ...weights,
  }),
  v.strictObject({
    op: v.literal('convTranspose'),
    ...placed,
    filters: positive,
    ...windowed,
    outputPadding: v.strictTuple([count, count]),
    ...weights,
  }),
  v.strictObject({ op: v.literal('depthwise'), ...placed, ...windowed, dilation: pair, ...weights }),
  v.strictObject({ op: v.literal('dense'), ...placed, units: positive, ...weights }),
  v.strictObject({
    op: v.literal('batchNorm'),
    ...placed,
    gamma: v.optional(name),
    beta: v.optional(name),
    mean: name,
    variance: name,
    epsilon: v.pipe(finite, v.gtValue(0)),
  }),
  v.strictObject({
    op: v.literal('activation'),
    ...placed,
    kind: v.picklist([
      'relu',
      'relu6',
      'clip',
      'leakyRelu',
      'elu',
      'softplus',
      'gelu',
      'hardSwish',
      'swish',
      'hardSigmoid',
      'sigmoid',
      'tanh',
    ]),
    slope: v.optional(finite),
    offset: v.optional(finite),
    min: v.optional(finite),
    max: v.optional(finite),
  }),
  v.strictObject({ op: v.literal('prelu'), ...placed, slope: name }),
  v.strictObject({ op: v.literal('scale'), ...placed, factor: finite, offset: finite }),
  v.strictObject({ op: v.literal('add'), ...placed }),
  v.strictObject({ op: v.literal('multiply'), ...placed }),
  v.strictObject({
    op: v.literal('concat'),
    ...placed,
    axis: v.optional(v.picklist(['height', 'width', 'channels'])),
  }),
  v.strictObject({ op: v.literal('maxPool'), ...placed, ...windowed }),
  v.strictObject({ op: v.literal('averagePool'), ...placed, ...windowed, countPadding: v.boolean() }),
  v.strictObject({
    op: v.literal('globalPool'),
    ...placed,
    mode: v.picklist(['average', 'max']),
    keepSpatial: v.optional(v.boolean()),
  }),
  v.strictObject({ op: v.literal('flatten'), ...placed }),
  v.strictObject({ op: v.literal('reshape'), ...placed, shape }),
  v.strictObject({ op: v.literal('pad'), ...placed, padding, channels: v.strictTuple([count, count]) }),
  v.strictObject({
    op: v.literal('slice'),
    ...placed,
    begin: v.strictTuple([count, count, count]),
    end: v.strictTuple([positive, positive, positive]),
    stride: v.strictTuple([positive, positive, positive]),
  }),
  v.strictObject({ op: v.literal('gather'), ...placed, channels: v.pipe(channels, v.minLength(1)) }),
  v.strictObject({
    op: v.literal('resize'),
    ...placed,
    size: pair,
    mode: v.picklist(['nearest', 'bilinear']),
    grid: v.picklist(['halfPixel', 'asymmetric', 'alignCorners']),
  }),
  v.strictObject({ op: v.literal('softmax'), ...placed, log: v.optional(v.boolean()) }),
  v.strictObject({
    op: v.literal('opaque'),
    ...placed,
    operator: name,
    reason: v.pipe(v.string(), v.maxLength(2000)),
    shape,
    payload: v.optional(text),
  }),
]);

const HistorySchema = v.variant('kind', [
  v.strictObject({ kind: v.literal('cut'), removed: v.record(name, channels) }),
  v.strictObject({
    kind: v.literal('decompose'),
    scheme: v.picklist(['channel', 'spatial']),
    ranks: v.record(name, positive),
  }),
  v.strictObject({ kind: v.literal('passes'), passes: positive }),
]);

const PortsSchema = v.pipe(
  v.array(
    v.strictObject({
      name: v.string(),
      layout: v.picklist(['NCHW', 'NHWC']),
      rank: v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(8)),
    }),
  ),
  v.maxLength(MAX_ITEMS),
);

const OriginSchema = v.strictObject({
  format: v.picklist(['safetensors', 'onnx', 'tfjs-layers', 'tfjs-graph', 'keras', 'pytorch']),
  inputs: PortsSchema,
  outputs: PortsSchema,
  elements: v.picklist(['float32', 'float16', 'float64', 'bfloat16', 'uint8']),
});

const numbers = v.pipe(v.array(finite), v.maxLength(MAX_ITEMS));

/** What a version 2 document holds beside its format and version. */
export const NetworkDocumentSchema = v.strictObject({
  format: v.literal('espalier-network'),
  version: v.literal(2),
  graph: v.strictObject({ layers: v.pipe(v.array(LayerSchema), v.maxLength(MAX_ITEMS)), outputs: names }),
  meta: v.strictObject({
    name: v.pipe(v.string(), v.maxLength(500)),
    classes: v.optional(v.pipe(v.array(v.string()), v.maxLength(MAX_ITEMS))),
    normalisation: v.optional(v.strictObject({ mean: numbers, std: numbers })),
    origin: v.optional(OriginSchema),
    history: v.pipe(v.array(HistorySchema), v.maxLength(MAX_ITEMS)),
  }),
});
