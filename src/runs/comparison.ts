/** Runs side by side: what differs first, then what they share. */
import { isWeighted } from '../../workers/network/graph';
import type { Graph, LayerId } from '../../workers/network/graph';
import type { Candidate, RunSummary } from '../../workers/protocol';
import { originalOf, standsFor } from '../studio/run-facts';
import { labelOf } from '../studio/telemetry';
import { formatAccuracy, formatChange, formatCount, formatInteger, formatPercent, formatSetting } from '../ui/format';
import { rowOf } from './rows';

export interface ComparedValue {
  readonly name: string;
  /** One per run, in the order given; "–" where a run has none. */
  readonly values: readonly string[];
  readonly differs: boolean;
}

const NONE = '\u2013';

/** Results and settings of the runs: those that differ first, in reading order otherwise. */
export function compareRuns(runs: readonly RunSummary[]): readonly ComparedValue[] {
  const line = (name: string, read: (run: RunSummary) => string | null): ComparedValue =>
    valueLine(
      name,
      runs.map((run) => read(run) ?? NONE),
    );
  return differingFirst([
    line('Compute kept', (run) => share(standsFor(run))),
    line('Multiply-adds', (run) => count(standsFor(run)?.macs)),
    line('Weights', (run) => count(standsFor(run)?.parameters)),
    line('Original', (run) => accuracy(originalOf(run))),
    line('Right after the cut', (run) => accuracy(candidateOf(run, 'cut'))),
    line('Recalibrated', (run) => accuracy(candidateOf(run, 'recalibrated'))),
    line('After fine-tuning', (run) => accuracy(candidateOf(run, 'final'))),
    line('Change', (run) => nullable(rowOf(run).change, formatChange)),
    line('Measured', (run) => rowOf(run).measuredOn),
    line('Training', (run) => rowOf(run).training),
    line('Turned by hand', turns),
    line('Speed', (run) =>
      nullable(run.result?.imagesPerSecond ?? null, (speed) => `${formatInteger(speed)} images/s`),
    ),
    line('Device', (run) => run.result?.device ?? null),
    line('Seed', (run) => String(run.recipe.seed)),
  ]);
}

/**
 * Filters kept by layer, "19 of 32", for the candidates that say which channels they lost; layers that differ first.
 * `label` names a layer as the tree does. Empty when no candidate says.
 */
export function compareCuts(
  runs: readonly RunSummary[],
  graph: Graph,
  label: (layer: LayerId) => string,
): readonly ComparedValue[] {
  const cuts = runs.map((run) => removedBy(run));
  if (cuts.every((cut) => cut === null)) return [];
  const lines = graph.layers.filter(isWeighted).map((layer) => {
    const width = 'filters' in layer ? layer.filters : layer.op === 'dense' ? layer.units : null;
    const values = cuts.map((cut) => {
      if (cut === null) return NONE;
      const lost = cut[layer.id]?.length ?? 0;
      return width === null ? (lost === 0 ? 'all' : `${lost} cut`) : `${width - lost} of ${width}`;
    });
    return valueLine(label(layer.id), values);
  });
  return differingFirst(lines);
}

/** The channels a run's network lost, from whichever of its candidates says. */
export function removedBy(run: RunSummary): NonNullable<Candidate['removed']> | null {
  return standsFor(run)?.removed ?? run.candidates.find(({ removed }) => removed !== undefined)?.removed ?? null;
}

function valueLine(name: string, values: readonly string[]): ComparedValue {
  return { name, values, differs: new Set(values).size > 1 };
}

function differingFirst(lines: readonly ComparedValue[]): readonly ComparedValue[] {
  const told = lines.filter(({ values }) => values.some((value) => value !== NONE));
  return [...told.filter(({ differs }) => differs), ...told.filter(({ differs }) => !differs)];
}

function candidateOf(run: RunSummary, kind: Candidate['kind']): Candidate | null {
  return run.candidates.find((candidate) => candidate.kind === kind) ?? null;
}

function share(candidate: Candidate | null): string | null {
  return candidate === null ? null : formatPercent(candidate.share, 1);
}

function accuracy(candidate: Candidate | null): string | null {
  return nullable(candidate?.accuracy ?? null, formatAccuracy);
}

function count(value: number | undefined): string | null {
  return value === undefined ? null : formatCount(value);
}

/** "strength to 0.5 at step 120", the last turn of each knob. */
function turns({ knobs = [] }: RunSummary): string | null {
  const last = new Map(knobs.map((turn) => [`${turn.stage} ${turn.setting}`, turn]));
  const texts = [...last.values()].map(
    ({ step, setting, value }) => `${labelOf(setting)} to ${formatSetting(value)} at step ${formatInteger(step)}`,
  );
  return texts.length === 0 ? null : texts.join(', ');
}

function nullable(value: number | null, format: (value: number) => string): string | null {
  return value === null ? null : format(value);
}
