/** What a method said of itself while it trained: a history that stays small, and its bytes. */
import { readSafetensorsIndex, readTensor, writeSafetensors } from '../formats/safetensors';
import type { Telemetry, TelemetrySample } from '../protocol';

/** More cannot be told apart in a chart. */
const MOST_SAMPLES = 120;
/** Numbers of all layers over all samples: 2 MB. */
const MOST_NUMBERS = 500_000;

export interface TelemetryHistory {
  /** Of the stage that spoke last, oldest first. */
  samples(): readonly TelemetrySample[];
  add(sample: TelemetrySample): void;
  /** Forgets what will be said again from `step` of `stage` on. */
  rewind(stage: number, step: number): void;
}

/**
 * Samples evenly over the steps of one stage: where there are too many, every other one goes, and from then on only
 * those that lie as far apart are kept. The latest is always there.
 */
export function createHistory(initial: readonly TelemetrySample[] = []): TelemetryHistory {
  let kept = [...initial];
  let gap = 0;

  function add(sample: TelemetrySample): void {
    if (kept.at(-1)?.stage !== sample.stage) [kept, gap] = [[], 0];
    const [before, last] = [kept.at(-2), kept.at(-1)];
    if (before !== undefined && last !== undefined && last.step - before.step < gap) kept.pop();
    kept.push(sample);
    if (kept.length <= MOST_SAMPLES && kept.length * numbersIn(sample.telemetry) <= MOST_NUMBERS) return;
    if (kept.length <= 2) return;
    const latest = kept.length - 1;
    kept = kept.filter((_, at) => at % 2 === 0 || at === latest);
    gap = Math.max(1, 2 * gap, smallestGap(kept));
  }

  return {
    samples: () => kept,
    add,
    rewind(stage, step) {
      kept = kept.filter((sample) => sample.stage === stage && sample.step <= step);
    },
  };
}

function numbersIn({ layers = {} }: Telemetry): number {
  return Object.values(layers).reduce(
    (sum, series) => sum + Object.values(series).reduce((own, { length }) => own + length, 0),
    0,
  );
}

/** Between neighbours, the latest sample left out: it is there whatever its distance. */
function smallestGap(samples: readonly TelemetrySample[]): number {
  const steps = samples.slice(0, -1).map(({ step }) => step);
  return Math.min(...steps.slice(1).map((step, at) => step - (steps[at] ?? 0)));
}

/** Lengths of the arrays of one sample, by layer and series: equal for most samples of a stage, so written once. */
type Layout = readonly (readonly [layer: string, series: string, length: number])[];

interface WrittenSample {
  readonly stage: number;
  readonly step: number;
  readonly total: number;
  /** NaN, which JSON does not have, is null. */
  readonly values: Readonly<Record<string, number | null>>;
  readonly layout: number;
}

/** All arrays one after the other in a single tensor; what lies where in the metadata. */
export function writeHistory(samples: readonly TelemetrySample[]): Uint8Array {
  const layouts: string[] = [];
  const arrays: Float32Array[] = [];
  const written = samples.map(({ stage, step, total, telemetry }): WrittenSample => {
    const entries = Object.entries(telemetry.layers ?? {}).flatMap(([layer, series]) =>
      Object.entries(series).map(([name, values]) => ({ layer, name, values })),
    );
    arrays.push(...entries.map(({ values }) => values));
    const layout = JSON.stringify(entries.map(({ layer, name, values }) => [layer, name, values.length]));
    if (!layouts.includes(layout)) layouts.push(layout);
    return { stage, step, total, values: telemetry.values, layout: layouts.indexOf(layout) };
  });
  const values = new Float32Array(arrays.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const array of arrays) {
    values.set(array, at);
    at += array.length;
  }
  return writeSafetensors(
    { values: { shape: [values.length], values } },
    { layouts: `[${layouts.join()}]`, samples: JSON.stringify(written) },
  );
}

/** Throws `FormatError` for bytes that `writeHistory` did not write. */
export async function readHistory(bytes: Uint8Array): Promise<readonly TelemetrySample[]> {
  const blob = new Blob([bytes as Uint8Array<ArrayBuffer>]);
  const { tensors, metadata } = await readSafetensorsIndex(blob, 'history');
  const [entry] = tensors;
  const values = entry === undefined ? new Float32Array() : (await readTensor(blob, entry)).values;
  const layouts = JSON.parse(metadata['layouts'] ?? '[]') as readonly Layout[];
  const written = JSON.parse(metadata['samples'] ?? '[]') as readonly WrittenSample[];
  let at = 0;
  return written.map(({ layout, values: saved, ...place }) => {
    const layers: Record<string, Record<string, Float32Array>> = {};
    for (const [layer, series, length] of layouts[layout] ?? []) {
      (layers[layer] ??= {})[series] = values.slice(at, at + length);
      at += length;
    }
    const numbers = Object.entries(saved).map(([name, value]) => [name, value ?? NaN] as const);
    return { ...place, telemetry: { values: Object.fromEntries(numbers), layers } };
  });
}
