/** Results read aloud once they rest: what a check found, how a run ended. */
import type { StudioState } from '../studio/state';
import { useResting } from '../studio/use-resting';
import { formatAccuracy, formatPercent } from '../ui/format';

const textOf = ({ preview, plan, scoring, opening }: StudioState): string => {
  if (opening !== null) return opening;
  if (scoring.state === 'scoring') return scoring.note;
  if (preview.state !== 'measured' || preview.accuracy === null || plan === null) return '';
  const recalibrated = preview.recalibrated === null ? '' : `, ${formatAccuracy(preview.recalibrated)} recalibrated`;
  return `${formatPercent(plan.share, 1)} of the compute kept: ${formatAccuracy(preview.accuracy)} right after the cut${recalibrated}.`;
};

const runTextOf = ({ runs }: StudioState): string => {
  const newest = runs.find(({ origin }) => origin === 'here');
  const accuracy = newest?.result?.accuracy.final;
  if (newest === undefined) return '';
  if (newest.state === 'finished' && accuracy !== undefined && accuracy !== null) {
    return `${newest.name} is finished: ${formatAccuracy(accuracy, newest.result?.metric)}.`;
  }
  return `${newest.name}: ${newest.state}.`;
};

export function Announcer() {
  const text = useResting(textOf);
  const run = useResting(runTextOf);
  return (
    <div className="visually-hidden" role="status" aria-live="polite">
      <p>{text}</p>
      <p>{run}</p>
    </div>
  );
}
