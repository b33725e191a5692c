/** The training strip: one line while nothing trains, live curves while a run does. */
import { useStudio } from '../studio/store';
import { IdleStrip } from './idle-strip';
import { LiveStrip } from './live-strip';

export function Strip() {
  const run = useStudio(({ runs, activeRun }) => runs.find((other) => other.run === activeRun) ?? null);
  const live = useStudio((state) => (state.activeRun === null ? null : (state.live[state.activeRun] ?? null)));
  return run === null ? <IdleStrip /> : <LiveStrip run={run} live={live} />;
}
