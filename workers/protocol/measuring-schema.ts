/** Checks on questions about open networks and their answers: `measuring.ts`. */
import * as v from 'valibot';
import type { ParamSchemas, ResultSchemas } from '../rpc';
import type { MeasuringCommands } from './measuring';
import { SettingsSchema, SplitSchema } from '../session/recipe';
import { count, floats, handle, metric, positive, removed, scheme, seed, share, text } from './shapes-schema';

const scores = v.record(v.string(), floats);
const normalise = v.picklist(['layerMean', 'none']);
const milliseconds = v.pipe(v.number(), v.minValue(0));
const classCounts = v.strictObject({ correct: count, count, answered: count });
export const passFigures = v.strictObject({
  macs: count,
  accuracy: share,
  mIoU: v.nullable(share),
  loss: v.number(),
  perClass: v.array(classCounts),
  bands: v.array(v.strictObject({ name: text, correct: count, count })),
  byDistance: v.strictObject({ correct: v.array(count), count: v.array(count) }),
});

const sensitivity = v.record(
  v.string(),
  v.pipe(
    v.strictObject({ removed: v.array(share), accuracy: v.array(share) }),
    v.check((curve) => curve.removed.length === curve.accuracy.length, 'a curve needs one accuracy per removed share'),
  ),
);

const classIndices = v.custom<Uint16Array>((value) => value instanceof Uint16Array, 'expected a Uint16Array');
const pixelCounts = v.custom<Uint32Array>((value) => value instanceof Uint32Array, 'expected a Uint32Array');
const pair = v.strictObject({
  first: count,
  second: count,
  onlyFirst: count,
  onlySecond: count,
  difference: v.number(),
  low: v.number(),
  high: v.number(),
  pValue: share,
});
const compared = { split: SplitSchema, images: count, pairs: v.array(pair), testUses: count };
const comparison = v.pipe(
  v.variant('task', [
    v.strictObject({
      ...compared,
      task: v.literal('classification'),
      labels: classIndices,
      answers: v.array(v.strictObject({ predictions: classIndices, margins: floats })),
    }),
    v.strictObject({
      ...compared,
      task: v.literal('segmentation'),
      labelled: pixelCounts,
      answers: v.array(v.strictObject({ right: pixelCounts, mIoU: share, perClass: v.array(classCounts) })),
    }),
  ]),
  v.check((found) => {
    const lists =
      found.task === 'segmentation'
        ? [found.labelled, ...found.answers.map(({ right }) => right)]
        : [found.labels, ...found.answers.flatMap(({ predictions, margins }) => [predictions, margins])];
    return lists.every(({ length }) => length === found.images);
  }, 'labels and answers must have one entry per image'),
);

export const measuringParams = {
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
} satisfies ParamSchemas<MeasuringCommands>;

export const measuringResults = {
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
  measureLayer: v.strictObject({ originalMs: milliseconds, cutMs: milliseconds }),
  compareNetworks: comparison,
  timeNetworks: v.strictObject({
    times: v.array(v.strictObject({ median: milliseconds, low: milliseconds, high: milliseconds })),
  }),
} satisfies ResultSchemas<MeasuringCommands>;
