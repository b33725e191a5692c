/** The order in which a replay says what the run said: beats, each with the events of that moment. Pure. */
import type { Candidate, MetricPoint, RunEvent, RunId, Stage, TelemetrySample } from '../../workers/protocol';
import type { Trace } from './trace';

/** Beats of one training stage, at most. */
const mostBeats = 80;

type Said<E> = E extends RunEvent ? Omit<E, 'run'> : never;
export type Beat = readonly Said<RunEvent>[];

/** Candidates under the name of the replay: they belong to it, and are not stored anywhere. */
export function renamed(candidate: Candidate, run: RunId): Candidate {
  return { ...candidate, run, id: `${run}-${candidate.id}`, stored: false };
}

/** Every event of the run but its end, in the order of its stages. */
export function beatsOf({ run, points, samples }: Trace, as: RunId): readonly Beat[] {
  const left = run.candidates.filter(({ kind }) => kind !== 'original');
  const original = run.candidates.filter(({ kind }) => kind === 'original');
  const announce = (candidates: readonly Candidate[]): Beat =>
    candidates.map((candidate) => ({ event: 'candidate', candidate: renamed(candidate, as) }));
  const { maxAbsLogitDifference: proof } = run.result?.proof ?? { maxAbsLogitDifference: null };
  const beats: Beat[] = [announce(original)];
  for (const [index, stage] of run.recipe.stages.entries()) {
    const said = points.filter((point) => point.stage === index);
    const told = samples.filter((sample) => sample.stage === index);
    beats.push(
      ...(said.length + told.length > 0 ? trained(stage, index, said, told) : [[progress(stage, index, 0, 1)]]),
    );
    const made = left.splice(0, left[0]?.stage === stage.stage ? 1 : 0);
    const cuts = stage.stage === 'prune' || stage.stage === 'truncate';
    beats.push([
      progress(stage, index, 1, 1),
      ...(cuts && proof !== null ? [{ event: 'proof' as const, maxAbsLogitDifference: proof }] : []),
      ...announce(made),
    ]);
  }
  beats.push(announce(left));
  return beats.filter((beat) => beat.length > 0);
}

function trained(
  stage: Stage,
  index: number,
  points: readonly MetricPoint[],
  samples: readonly TelemetrySample[],
): readonly Beat[] {
  const steps = [...points.map(({ step }) => step), ...samples.map(({ step }) => step)];
  const total = Math.max(1, ...steps, ...samples.map(({ total: all }) => all));
  const size = Math.max(1, Math.ceil(total / mostBeats));
  const beats: Beat[] = [];
  for (let from = 0; from <= total; from += size) {
    const mine = ({ step }: { readonly step: number }): boolean => step >= from && step < from + size;
    const said = points.filter(mine);
    const told = samples.filter(mine);
    beats.push([
      progress(stage, index, Math.min(total, from + size - 1), total),
      ...(said.length === 0 ? [] : [{ event: 'metrics' as const, points: said }]),
      ...told.map((sample) => ({ event: 'telemetry' as const, ...sample })),
    ]);
  }
  return beats;
}

function progress(stage: Stage, index: number, done: number, total: number): Said<RunEvent> {
  const epochs = 'epochs' in stage ? stage.epochs : 0;
  const epoch = Math.min(Math.ceil(epochs), Math.floor((done / total) * epochs) + 1);
  const note = epochs > 0 ? `epoch ${epoch} of ${Math.ceil(epochs)}` : stage.stage;
  return {
    event: 'progress',
    progress: {
      stage: index,
      stageName: stage.stage,
      note,
      done,
      total,
      imagesPerSecond: null,
      multiplyAddsPerSecond: null,
      secondsLeft: null,
    },
  };
}
