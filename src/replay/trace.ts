/**
 * A trace: a finished run as a small file, to be played back where training it would take too long. Gzipped JSON;
 * series of layers as bytes between their smallest and largest value, so that a picture is as good as before and a file
 * stays under `mostBytes`.
 */
import * as v from 'valibot';
import { metricSchema, runSummarySchema } from '../../workers/protocol-schema';
import type { MetricPoint, RunSummary, TelemetrySample } from '../../workers/protocol';
import { through } from '../sharing/link';
import { DocumentError, parseDocument, parseJson, type Upgrades } from '../sharing/versions';

/** Of the file. What does not fit is thinned until it does. */
const mostBytes = 2_000_000;
/** Of the JSON inside. */
const mostUnpacked = 40_000_000;
/** Training points kept; measured ones all stay. */
const mostPoints = 2000;
const levels = 255;

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

const SeriesSchema = v.strictObject({
  low: v.pipe(v.number(), v.finite()),
  high: v.pipe(v.number(), v.finite()),
  /** Base64, one byte a number: 0 = low, 255 = high. */
  data: v.pipe(v.string(), v.regex(/^[A-Za-z0-9+/]*={0,2}$/, 'expected base64')),
});

const TraceSchema = v.strictObject({
  kind: v.literal('espalier-trace'),
  version: v.literal(1),
  run: runSummarySchema,
  metrics: v.array(metricSchema),
  samples: v.array(
    v.strictObject({
      stage: count,
      step: count,
      total: count,
      values: v.record(v.string(), v.number()),
      layers: v.optional(v.record(v.string(), v.record(v.string(), SeriesSchema))),
    }),
  ),
});

export interface Trace {
  readonly run: RunSummary;
  readonly points: readonly MetricPoint[];
  readonly samples: readonly TelemetrySample[];
}

/** None yet: version 1 is the first. */
const upgrades: Upgrades = [];

/** The file's bytes. Throws `DocumentError` for a run that has not ended. */
export async function writeTrace(trace: Trace): Promise<Uint8Array<ArrayBuffer>> {
  if (trace.run.state !== 'finished') throw new DocumentError('Only a finished run can be recorded for a replay.', '');
  let samples = trace.samples;
  for (;;) {
    const json = {
      kind: 'espalier-trace',
      version: 1,
      run: { ...trace.run, candidates: trace.run.candidates.map((candidate) => ({ ...candidate, stored: false })) },
      metrics: thinned(trace.points),
      samples: samples.map(packed),
    };
    const text = new TextEncoder().encode(JSON.stringify(json));
    const bytes = await through(text, new CompressionStream('gzip'), mostUnpacked);
    if (bytes.length <= mostBytes || samples.length < 2) return bytes;
    samples = everyOther(samples);
  }
}

/** Throws `DocumentError` for what is no trace, is damaged, or was written by a newer studio. */
export async function readTrace(bytes: Uint8Array<ArrayBuffer>, what: string): Promise<Trace> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(
      await through(bytes, new DecompressionStream('gzip'), mostUnpacked),
    );
  } catch {
    throw new DocumentError(`${what} is no trace, or it is damaged: it cannot be unpacked.`, '');
  }
  const { run, metrics, samples } = parseDocument(TraceSchema, upgrades, parseJson(text, what), what);
  return {
    run,
    points: metrics,
    samples: samples.map(({ stage, step, total, values, layers }) => ({
      stage,
      step,
      total,
      telemetry: layers === undefined ? { values } : { values, layers: mapSeries(layers, unpacked) },
    })),
  };
}

function packed({ stage, step, total, telemetry }: TelemetrySample) {
  const values = Object.fromEntries(Object.entries(telemetry.values).filter(([, value]) => Number.isFinite(value)));
  const { layers } = telemetry;
  return { stage, step, total, values, ...(layers === undefined ? {} : { layers: mapSeries(layers, quantised) }) };
}

function mapSeries<A, B>(
  layers: Readonly<Record<string, Readonly<Record<string, A>>>>,
  change: (series: A) => B,
): Record<string, Record<string, B>> {
  return Object.fromEntries(
    Object.entries(layers).map(([layer, series]) => [
      layer,
      Object.fromEntries(Object.entries(series).map(([name, values]) => [name, change(values)])),
    ]),
  );
}

/** Numbers that are none (NaN, infinite) become the nearest end. */
function quantised(values: Float32Array): v.InferOutput<typeof SeriesSchema> {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) [low, high] = [0, 0];
  const scale = high > low ? levels / (high - low) : 0;
  const letters = Array.from(values, (value) => {
    const level = Math.round((value - low) * scale);
    return String.fromCharCode(Math.min(levels, Math.max(0, Number.isNaN(level) ? 0 : level)));
  });
  return { low, high, data: btoa(letters.join('')) };
}

function unpacked({ low, high, data }: v.InferOutput<typeof SeriesSchema>): Float32Array {
  return Float32Array.from(atob(data), (letter) => low + (letter.charCodeAt(0) * (high - low)) / levels);
}

/** Measured points all stay; of the training points so many that the curve looks the same. */
function thinned(points: readonly MetricPoint[]): readonly MetricPoint[] {
  const training = points.filter(({ split }) => split === null).length;
  const gap = Math.ceil(training / mostPoints);
  let seen = -1;
  return points.filter(({ split }) => {
    if (split !== null) return true;
    seen += 1;
    return seen % Math.max(1, gap) === 0;
  });
}

/** The latest sample is what the inspector shows in the end: it stays. */
function everyOther<T>(samples: readonly T[]): readonly T[] {
  return samples.filter((_, at) => (samples.length - 1 - at) % 2 === 0);
}
