/** Networks side by side: what differs first, then what they share. */
import type { Graph, LayerId } from '../../workers/network/graph';
import type { Candidate, NetworkPair, RunSummary } from '../../workers/protocol';
import { originalOf } from '../studio/run-facts';
import { labelOf } from '../studio/telemetry';
import {
  formatAccuracy,
  formatChange,
  formatCount,
  formatInteger,
  formatMilliseconds,
  formatPercent,
  formatSetting,
} from '../ui/format';
import { rowOf } from '../runs/rows';
import type { Contestant } from './contestants';
import type { Measured } from './use-comparison';
import type { LayerWidth } from './widths';

export interface ComparedValue {
  readonly name: string;
  /** One per network, in the order given; "–" where there is none. */
  readonly values: readonly string[];
  readonly differs: boolean;
  /** For files that machines read, where `values` are rounded: the name with its unit, and the figures in full. */
  readonly exact?: { readonly name: string; readonly values: readonly (string | number)[] } | undefined;
}

/** A figure as it reads and in full. */
interface Figure {
  readonly text: string;
  readonly exact: string | number;
}

const NONE = '\u2013';
const SHARE = 'share of 1';

/** Costs, results and settings, from the runs' own records: those that differ first, in reading order otherwise. */
export function compareRecords(contestants: readonly Contestant[]): readonly ComparedValue[] {
  type Read<T> = (of: T) => string | Figure | null | undefined;
  const line = (name: string, read: Read<Candidate>, unit?: string): ComparedValue =>
    valueLine(
      name,
      contestants.map(({ candidate }) => (candidate === null ? null : read(candidate))),
      unit,
    );
  const ofRun = (name: string, read: Read<RunSummary>, unit?: string): ComparedValue =>
    valueLine(
      name,
      contestants.map(({ candidate, run }) => (candidate === null || run === null ? null : read(run))),
      unit,
    );
  const accuracy = (name: string, kind: Candidate['kind']): ComparedValue =>
    ofRun(name, (run) => figure(accuracyOf(run, kind), formatAccuracy), SHARE);
  return differingFirst([
    line(
      'Compute kept',
      ({ share, kind }) => figure(kind === 'original' ? 1 : share, (kept) => formatPercent(kept, 1)),
      SHARE,
    ),
    line('Multiply-adds', ({ macs }) => figure(macs, formatCount)),
    line('Weights', ({ parameters }) => figure(parameters, formatCount)),
    line(
      'Accuracy, as recorded',
      (candidate) => figure(candidate.accuracy, (share) => formatAccuracy(share, candidate.metric)),
      SHARE,
    ),
    accuracy('Right after the cut', 'cut'),
    accuracy('Recalibrated', 'recalibrated'),
    accuracy('Reconstructed', 'reconstructed'),
    accuracy('After fine-tuning', 'final'),
    ofRun('Its original', (run) => figure(originalOf(run)?.accuracy ?? null, formatAccuracy), SHARE),
    line('Recorded', ({ accuracy, images, split }) =>
      accuracy === null ? null : `on ${formatInteger(images)} ${split} images`,
    ),
    ofRun('Training', (run) => rowOf(run).training),
    ofRun('Turned by hand', turns),
    ofRun(
      'Speed',
      ({ result }) => figure(result?.imagesPerSecond ?? null, (speed) => `${formatInteger(speed)} images/s`),
      'images/s',
    ),
    ofRun('Device', ({ result }) => result?.device),
    ofRun('Seed', ({ recipe }) => String(recipe.seed)),
  ]);
}

/** Filters kept by layer, "19 of 32, rank 8"; layers that differ first. `label` names a layer as the tree does; null leaves it out. */
export function compareWidths(
  widths: readonly (ReadonlyMap<LayerId, LayerWidth> | null)[],
  graph: Graph,
  label: (layer: LayerId) => string | null,
): readonly ComparedValue[] {
  const reference = widths[0];
  if (reference === null || reference === undefined) return [];
  const layers = graph.layers.flatMap(({ id }) => (reference.has(id) ? [id] : []));
  return differingFirst(
    layers.flatMap((layer) => {
      const name = label(layer);
      const full = reference.get(layer)?.filters ?? 0;
      const texts = widths.map((own) => (own === null ? null : widthText(own.get(layer), full)));
      return name === null ? [] : [valueLine(name, texts)];
    }),
  );
}

function widthText(width: LayerWidth | undefined, full: number): string {
  if (width === undefined) return 'gone';
  const kept = width.filters === full ? String(full) : `${width.filters} of ${full}`;
  return width.rank === null ? kept : `${kept}, rank ${width.rank}`;
}

export type Verdict = 'better' | 'worse' | 'not distinguishable';

/** What the interval of a difference says. */
export function verdictOf({ low, high }: Pick<NetworkPair, 'low' | 'high'>): Verdict {
  if (low > 0) return 'better';
  return high < 0 ? 'worse' : 'not distinguishable';
}

/** How `other` differs from `reference`, whichever of them stands first in the answer. Null where one was not measured. */
export function pairBetween(
  { answers, at }: Pick<Measured, 'answers' | 'at'>,
  reference: string,
  other: string,
): NetworkPair | null {
  const [from, to] = [at.get(reference), at.get(other)];
  const found = answers.pairs.find(
    ({ first, second }) => (first === from && second === to) || (first === to && second === from),
  );
  if (found === undefined || from === to) return null;
  if (found.first === from) return found;
  const { first, second, onlyFirst, onlySecond, difference, low, high } = found;
  return {
    ...found,
    first: second,
    second: first,
    onlyFirst: onlySecond,
    onlySecond: onlyFirst,
    difference: 0 - difference,
    low: 0 - high,
    high: 0 - low,
  };
}

/** What was measured here and now, on the same images; `reference` is the contestant all others are held against. */
export function compareMeasured(
  contestants: readonly Contestant[],
  { answers, at, times }: Measured,
  reference: string,
): readonly ComparedValue[] {
  const segments = answers.task === 'segmentation';
  const accuracies = accuraciesOf(answers);
  const overlaps = segments ? answers.answers.map(({ mIoU }) => mIoU) : [];
  const line = (name: string, read: (key: string) => string | Figure | null, unit?: string): ComparedValue =>
    valueLine(
      name,
      contestants.map(({ key }) => read(key)),
      unit,
    );
  const paired = (name: string, read: (pair: NetworkPair) => string | Figure | null, unit?: string): ComparedValue =>
    line(name, (key) => nullable(pairBetween({ answers, at }, reference, key), read), unit);
  return [
    line('mIoU', (key) => figure(overlaps[at.get(key) ?? -1] ?? null, formatAccuracy), SHARE),
    line(
      segments ? 'Pixels right' : 'Accuracy',
      (key) => figure(accuracies[at.get(key) ?? -1] ?? null, formatAccuracy),
      SHARE,
    ),
    paired(segments ? 'Difference in mIoU' : 'Difference', ({ difference }) => figure(difference, formatChange), SHARE),
    paired(
      '95 % interval',
      ({ low, high }) => ({ text: `${formatChange(low)} to ${formatChange(high)}`, exact: `${low} to ${high}` }),
      SHARE,
    ),
    paired('Verdict', verdictOf),
    paired(segments ? 'Sign test p' : 'McNemar p', ({ pValue }) => figure(pValue, formatProbability)),
    paired(
      segments ? 'Images worse, better' : 'Images lost, gained',
      ({ onlyFirst, onlySecond }) => `${onlyFirst}, ${onlySecond}`,
    ),
    line('Forward pass', (key) => figure(times.get(key)?.median ?? null, formatMilliseconds), 'ms'),
    line(
      'Quartiles',
      (key) =>
        nullable(times.get(key) ?? null, ({ low, high }) => ({
          text: `${low.toFixed(1)} to ${formatMilliseconds(high)}`,
          exact: `${low} to ${high}`,
        })),
      'ms',
    ),
  ].filter(({ values }) => values.some((value) => value !== NONE));
}

/** Share of images, or of labelled pixels, told right by each network. */
function accuraciesOf(answers: Measured['answers']): readonly number[] {
  if (answers.task === 'segmentation') {
    const total = answers.labelled.reduce((sum, count) => sum + count, 0);
    return answers.answers.map(({ right }) => right.reduce((sum, count) => sum + count, 0) / total);
  }
  const { labels, images } = answers;
  return answers.answers.map(
    ({ predictions }) => labels.reduce((sum, label, image) => sum + Number(predictions[image] === label), 0) / images,
  );
}

/** `unit` is of the figures in full: what is read tells its own. */
function valueLine(name: string, cells: readonly (string | Figure | null | undefined)[], unit?: string): ComparedValue {
  const values = cells.map((cell) => (typeof cell === 'object' ? cell?.text : cell) ?? NONE);
  const isFigured = cells.some((cell) => typeof cell === 'object' && cell !== null);
  return {
    name,
    values,
    differs: new Set(values.filter((value) => value !== NONE)).size > 1,
    exact: isFigured
      ? {
          name: unit === undefined ? name : `${name}, ${unit}`,
          values: cells.map((cell) => (typeof cell === 'object' ? cell?.exact : cell) ?? ''),
        }
      : undefined,
  };
}

function figure(value: number | null, format: (value: number) => string): Figure | null {
  return value === null ? null : { text: format(value), exact: value };
}

function formatProbability(value: number): string {
  return value < 1e-4 ? '< 0.0001' : formatSetting(Number(value.toPrecision(2)));
}

function differingFirst(lines: readonly ComparedValue[]): readonly ComparedValue[] {
  const told = lines.filter(({ values }) => values.some((value) => value !== NONE));
  return [...told.filter(({ differs }) => differs), ...told.filter(({ differs }) => !differs)];
}

function accuracyOf(run: RunSummary, kind: Candidate['kind']): number | null {
  return run.candidates.find((candidate) => candidate.kind === kind)?.accuracy ?? null;
}

/** "strength to 0.5 at step 120", the last turn of each knob. */
function turns({ knobs = [] }: RunSummary): string | null {
  const last = new Map(knobs.map((turn) => [`${turn.stage} ${turn.setting}`, turn]));
  const texts = [...last.values()].map(
    ({ step, setting, value }) => `${labelOf(setting)} to ${formatSetting(value)} at step ${formatInteger(step)}`,
  );
  return texts.length === 0 ? null : texts.join(', ');
}

function nullable<T, U>(value: T | null, format: (value: T) => U): U | null {
  return value === null ? null : format(value);
}
