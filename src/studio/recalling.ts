/**
 * What a run said before this page was there to hear it: fetched from the worker once a run, for the run a panel would
 * show. So a reloaded page has the curves and the trail of the run it goes on with, or of the one that ended last.
 */
import type { MetricPoint, RunId } from '../../workers/protocol';
import { report, type StudioContext } from './context';
import { emptyLiveRun } from './initial';
import { isAbout, isTraining } from './run-facts';
import type { LiveRun, StudioState } from './state';

type Source = Pick<StudioState, 'runs' | 'activeRun' | 'network' | 'dataset'>;

/** Of this browser's runs about the open network in which a method trains: the one under way, else the newest. */
export function runToRecall({ runs, activeRun, network, dataset }: Source): RunId | null {
  if (network === null) return null;
  const told = runs.filter(
    (run) =>
      run.origin === 'here' &&
      run.recipe.stages.some((stage) => isTraining(stage) && stage.method !== undefined) &&
      isAbout(run, network.view, dataset),
  );
  const newest = told.toSorted((a, b) => b.started - a.started)[0];
  return (told.find(({ run }) => run === activeRun) ?? newest)?.run ?? null;
}

/** What was fetched, before what was heard since it was asked for. */
export function recalled(live: LiveRun, fetched: Pick<LiveRun, 'points' | 'history'>): LiveRun {
  const [point] = live.points;
  const [sample] = live.history;
  const history = fetched.history.filter(
    ({ stage, step }) => sample === undefined || (stage === sample.stage && step < sample.step),
  );
  const whole = [...history, ...live.history];
  return {
    ...live,
    points: [...(point === undefined ? fetched.points : pointsBefore(fetched.points, point)), ...live.points],
    history: whole,
    telemetry: live.telemetry ?? whole.at(-1)?.telemetry ?? null,
  };
}

/** `points` without those at or after `next`: a resumed run says them again. */
export function pointsBefore(points: readonly MetricPoint[], next: MetricPoint): readonly MetricPoint[] {
  const isBefore = ({ stage, step, split }: MetricPoint): boolean =>
    stage < next.stage ||
    (stage === next.stage && (step < next.step || (step === next.step && split === null && next.split !== null)));
  const last = points.at(-1);
  return last === undefined || isBefore(last) ? points : points.filter(isBefore);
}

/** Fetches whenever another run comes to be the one a panel would show. Returns how to end that. */
export function recallRuns(context: StudioContext): () => void {
  const { store } = context;
  const asked = new Set<RunId>();

  async function recall(run: RunId): Promise<void> {
    asked.add(run);
    try {
      const client = context.client();
      const [{ points }, { samples }] = await Promise.all([
        client.call('metricsOf', { run }),
        client.call('telemetryOf', { run }),
      ]);
      const fetched = { points, history: samples };
      store.setState(({ live }) => ({ live: { ...live, [run]: recalled(live[run] ?? emptyLiveRun, fetched) } }));
    } catch (thrown) {
      report(context, thrown);
    }
  }

  return store.subscribe((state, before) => {
    const { runs, activeRun, network, dataset } = state;
    const same = runs === before.runs && activeRun === before.activeRun;
    if (same && network === before.network && dataset === before.dataset) return;
    const run = runToRecall(state);
    if (run !== null && !asked.has(run)) void recall(run);
  });
}
