/**
 * What is kept of a run: enough to list it, to open its networks and to go on where it stopped.
 *
 * Records are versioned. An older one is upgraded when read; a newer one is left alone, unread, for the version of the
 * studio that wrote it.
 */
import * as v from 'valibot';
import type { MetricPoint, RunSummary, StageEvaluation } from '../protocol';
import { evaluationSchema, metricSchema, runSummarySchema } from '../protocol-schema';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

const storedBlobSchema = v.strictObject({ name: v.string(), bytes: count, sha256: v.string() });

const ledgerSchema = v.strictObject({
  /** Seconds of work, over all sittings. */
  seconds: v.number(),
  trainingSteps: count,
  trainedImages: count,
  trainingSeconds: v.number(),
  multiplyAdds: v.number(),
  testUses: count,
  /** Largest over all cuts and decompositions of the run; null = nothing was cut yet. */
  maxAbsLogitDifference: v.nullable(v.number()),
  method: v.nullable(v.string()),
  notes: v.array(v.string()),
});

const checkpointSchema = v.strictObject({
  /** Stage to go on with, by position in the recipe. */
  stage: count,
  /** Steps of that stage that are done. */
  step: count,
  network: storedBlobSchema,
  /** Optimiser and method; null at the beginning of a stage. */
  training: v.nullable(storedBlobSchema),
});

const recordSchema = v.strictObject({
  version: v.literal(1),
  ...runSummarySchema.entries,
  ledger: ledgerSchema,
  metrics: v.array(metricSchema),
  /** What the `evaluate` stages found so far. */
  evaluations: v.array(evaluationSchema),
  /** What the method that trained last said of itself; null = nothing. */
  telemetry: v.optional(v.nullable(storedBlobSchema), null),
  /** Tensors of the stored candidates, by candidate. */
  blobs: v.record(v.string(), storedBlobSchema),
  checkpoint: v.nullable(checkpointSchema),
});

export type StoredBlob = Readonly<v.InferOutput<typeof storedBlobSchema>>;
export type Ledger = v.InferOutput<typeof ledgerSchema>;
export type StoredCheckpoint = Readonly<v.InferOutput<typeof checkpointSchema>>;

export interface RunRecord extends RunSummary {
  readonly version: 1;
  readonly ledger: Readonly<Ledger>;
  readonly metrics: readonly MetricPoint[];
  readonly evaluations: readonly StageEvaluation[];
  readonly telemetry: StoredBlob | null;
  readonly blobs: Readonly<Record<string, StoredBlob>>;
  readonly checkpoint: StoredCheckpoint | null;
}

/** The ledger of a run that has done nothing yet. */
export const emptyLedger: Readonly<Ledger> = {
  seconds: 0,
  trainingSteps: 0,
  trainedImages: 0,
  trainingSeconds: 0,
  multiplyAdds: 0,
  testUses: 0,
  maxAbsLogitDifference: null,
  method: null,
  notes: [],
};

/** The part the page sees. */
export function summaryOf(record: RunRecord): RunSummary {
  const { run, name, recipe, state, started, candidates, result, error, knobs, origin } = record;
  return { run, name, recipe, state, started, candidates, result, error, knobs, origin };
}

/** All blobs the record points to, each once. */
export function storedBlobs({ blobs, telemetry, checkpoint }: RunRecord): readonly StoredBlob[] {
  const all = [...Object.values(blobs), telemetry, checkpoint?.network, checkpoint?.training];
  const byName = new Map(all.flatMap((blob) => (blob ? [[blob.name, blob] as const] : [])));
  return [...byName.values()];
}

export function blobNames(record: RunRecord): ReadonlySet<string> {
  return new Set(storedBlobs(record).map(({ name }) => name));
}

/** One step up each: `upgrades[0]` makes a record of version 1 one of version 2. */
const upgrades: readonly ((older: unknown) => unknown)[] = [];

/** Reads a stored record. Undefined when it is damaged or of a newer version: the caller must not touch what is its. */
export function parseRecord(stored: unknown): RunRecord | undefined {
  const tagged = v.safeParse(v.object({ version: count }), stored);
  if (!tagged.success || tagged.output.version < 1) return undefined;
  const newest = upgrades.slice(tagged.output.version - 1).reduce((record, upgrade) => upgrade(record), stored);
  const parsed = v.safeParse(recordSchema, newest);
  return parsed.success ? parsed.output : undefined;
}
