/** What a run's events make of the state: one pure step. */
import type { MetricPoint, RunEvent, RunSummary } from '../../workers/protocol';
import { emptyLiveRun } from './initial';
import { pointsBefore } from './recalling';
import { withSample } from './telemetry';
import type { LiveRun, StudioState } from './state';

/** Points kept for the live curves of one run; the worker keeps all of them. */
const keptPoints = 20_000;

/** The state after one event of a run the page knows. */
export function afterRunEvent(state: StudioState, event: RunEvent): StudioState {
  return { ...state, ...changeBy(state, event) };
}

function changeBy(state: StudioState, event: RunEvent): Partial<StudioState> {
  switch (event.event) {
    case 'state': {
      const runs = changeRun(state, event.run, { state: event.state });
      const works = event.state === 'running' || event.state === 'paused' || event.state === 'waiting';
      if (works) return { runs, activeRun: event.run };
      return { runs, activeRun: state.activeRun === event.run ? null : state.activeRun };
    }
    case 'stage':
      return {};
    case 'progress':
      return changeLive(state, event.run, () => ({ progress: event.progress }));
    case 'metrics':
      return changeLive(state, event.run, ({ points }) => ({
        points: continued(points, event.points).slice(-keptPoints),
      }));
    case 'telemetry': {
      const { run, event: _, ...sample } = event;
      return changeLive(state, run, ({ history }) => ({
        telemetry: sample.telemetry,
        history: withSample(history, sample),
      }));
    }
    case 'proof':
      return changeLive(state, event.run, () => ({ proof: event.maxAbsLogitDifference }));
    case 'saved':
      return changeLive(state, event.run, () => ({ savedStep: event.step }));
    case 'candidate': {
      const known = state.runs.find(({ run }) => run === event.run)?.candidates ?? [];
      const others = known.filter(({ id }) => id !== event.candidate.id);
      return { runs: changeRun(state, event.run, { candidates: [...others, event.candidate] }) };
    }
    case 'finished':
      return ended(state, event.run, { state: 'finished', result: event.result });
    case 'failed':
      return ended(state, event.run, { state: 'failed', error: event.error });
  }
}

function ended(state: StudioState, run: string, change: Partial<RunSummary>): Partial<StudioState> {
  return { runs: changeRun(state, run, change), activeRun: state.activeRun === run ? null : state.activeRun };
}

function changeRun({ runs }: StudioState, run: string, change: Partial<RunSummary>): readonly RunSummary[] {
  return runs.map((summary) => (summary.run === run ? { ...summary, ...change } : summary));
}

function changeLive(
  { live }: StudioState,
  run: string,
  change: (live: LiveRun) => Partial<LiveRun>,
): Partial<StudioState> {
  const before = live[run] ?? emptyLiveRun;
  return { live: { ...live, [run]: { ...before, ...change(before) } } };
}

function continued(points: readonly MetricPoint[], more: readonly MetricPoint[]): readonly MetricPoint[] {
  const [next] = more;
  return next === undefined ? points : [...pointsBefore(points, next), ...more];
}
