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
}

const NONE = '\u2013';

/** Costs, results and settings, from the runs' own records: those that differ first, in reading order otherwise. */
export function compareRecords(contestants: readonly Contestant[]): readonly ComparedValue[] {
  const line = (
    name: string,
    read: (candidate: Candidate, run: RunSummary | null) => string | null | undefined,
  ): ComparedValue =>
    valueLine(
      name,
      contestants.map(({ candidate, run }) => (candidate === null ? NONE : (read(candidate, run) ?? NONE))),
    );
  const ofRun = (name: string, read: (run: RunSummary) => string | null | undefined): ComparedValue =>
    line(name, (_, run) => (run === null ? null : read(run)));
  return differingFirst([
    line('Compute kept', ({ share, kind }) => formatPercent(kind === 'original' ? 1 : share, 1)),
    line('Multiply-adds', ({ macs }) => formatCount(macs)),
    line('Weights', ({ parameters }) => formatCount(parameters)),
    line('Accuracy, as recorded', ({ accuracy, metric }) =>
      nullable(accuracy, (share) => formatAccuracy(share, metric)),
    ),
    ofRun('Right after the cut', (run) => accuracyOf(run, 'cut')),
    ofRun('Recalibrated', (run) => accuracyOf(run, 'recalibrated')),
    ofRun('Reconstructed', (run) => accuracyOf(run, 'reconstructed')),
    ofRun('After fine-tuning', (run) => accuracyOf(run, 'final')),
    ofRun('Its original', (run) => nullable(originalOf(run)?.accuracy ?? null, formatAccuracy)),
    line('Recorded', ({ accuracy, images, split }) =>
      accuracy === null ? null : `on ${formatInteger(images)} ${split} images`,
    ),
    ofRun('Training', (run) => rowOf(run).training),
    ofRun('Turned by hand', turns),
    ofRun('Speed', ({ result }) =>
      nullable(result?.imagesPerSecond ?? null, (speed) => `${formatInteger(speed)} images/s`),
    ),
    ofRun('Device', ({ result }) => result?.device),
    ofRun('Seed', ({ recipe }) => String(recipe.seed)),
  ]);
}

/** Filters kept by layer, "19 of 32, rank 8"; layers that differ first. `label` names a layer as the tree does. */
export function compareWidths(
  widths: readonly (ReadonlyMap<LayerId, LayerWidth> | null)[],
  graph: Graph,
  label: (layer: LayerId) => string,
): readonly ComparedValue[] {
  const reference = widths[0];
  if (reference === null || reference === undefined) return [];
  const layers = graph.layers.flatMap(({ id }) => (reference.has(id) ? [id] : []));
  return differingFirst(
    layers.map((layer) => {
      const full = reference.get(layer)?.filters ?? 0;
      return valueLine(
        label(layer),
        widths.map((own) => (own === null ? NONE : widthText(own.get(layer), full))),
      );
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
  const line = (name: string, read: (key: string) => string | null): ComparedValue =>
    valueLine(
      name,
      contestants.map(({ key }) => read(key) ?? NONE),
    );
  const paired = (name: string, read: (pair: NetworkPair) => string): ComparedValue =>
    line(name, (key) => nullable(pairBetween({ answers, at }, reference, key), read));
  return [
    line('mIoU', (key) => nullable(overlaps[at.get(key) ?? -1] ?? null, formatAccuracy)),
    line(segments ? 'Pixels right' : 'Accuracy', (key) =>
      nullable(accuracies[at.get(key) ?? -1] ?? null, formatAccuracy),
    ),
    paired(segments ? 'Difference in mIoU' : 'Difference', ({ difference }) => formatChange(difference)),
    paired('95 % interval', ({ low, high }) => `${formatChange(low)} to ${formatChange(high)}`),
    paired('Verdict', verdictOf),
    paired(segments ? 'Sign test p' : 'McNemar p', ({ pValue }) =>
      pValue < 1e-4 ? '< 0.0001' : formatSetting(Number(pValue.toPrecision(2))),
    ),
    paired(
      segments ? 'Images worse, better' : 'Images lost, gained',
      ({ onlyFirst, onlySecond }) => `${onlyFirst}, ${onlySecond}`,
    ),
    line('Forward pass', (key) => nullable(times.get(key)?.median ?? null, formatMilliseconds)),
    line('Quartiles', (key) =>
      nullable(times.get(key) ?? null, ({ low, high }) => `${low.toFixed(1)} to ${formatMilliseconds(high)}`),
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

function valueLine(name: string, values: readonly string[]): ComparedValue {
  return { name, values, differs: new Set(values.filter((value) => value !== NONE)).size > 1 };
}

function differingFirst(lines: readonly ComparedValue[]): readonly ComparedValue[] {
  const told = lines.filter(({ values }) => values.some((value) => value !== NONE));
  return [...told.filter(({ differs }) => differs), ...told.filter(({ differs }) => !differs)];
}

function accuracyOf(run: RunSummary, kind: Candidate['kind']): string | null {
  return nullable(run.candidates.find((candidate) => candidate.kind === kind)?.accuracy ?? null, formatAccuracy);
}

/** "strength to 0.5 at step 120", the last turn of each knob. */
function turns({ knobs = [] }: RunSummary): string | null {
  const last = new Map(knobs.map((turn) => [`${turn.stage} ${turn.setting}`, turn]));
  const texts = [...last.values()].map(
    ({ step, setting, value }) => `${labelOf(setting)} to ${formatSetting(value)} at step ${formatInteger(step)}`,
  );
  return texts.length === 0 ? null : texts.join(', ');
}

function nullable<T>(value: T | null, format: (value: T) => string): string | null {
  return value === null ? null : format(value);
}
