/** Checks on runs and their events: `runs.ts`. */
import * as v from 'valibot';
import { RecipeSchema, SplitSchema, StageSchema } from '../session/recipe';
import { passFigures } from './measuring-schema';
import { count, floats, handle, metric, removed, seed, share, text } from './shapes-schema';

const stageName = v.picklist(StageSchema.options.map(({ entries }) => entries.stage.literal));
const errorSchema = v.strictObject({
  kind: text,
  message: text,
  data: v.record(v.string(), v.union([v.string(), v.number()])),
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

export const stateSchema = v.picklist(['waiting', 'running', 'paused', 'finished', 'stopped', 'failed', 'interrupted']);
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

export const sampleEntries = { stage: count, step: count, total: count, telemetry: telemetrySchema };
const run = handle;
export const runEventSchema = v.variant('event', [
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
