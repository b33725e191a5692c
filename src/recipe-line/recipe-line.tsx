/** The recipe on a line: stages with what they will do, and one primary action. A press on a stage edits it in place. */
import { forecastSeconds } from '../studio/forecast';
import { isLocked } from '../lessons/locks';
import { presentMethod, trainsFirst, truncates } from '../studio/methods';
import type { StudioState } from '../studio/state';
import { actions, useStudio } from '../studio/store';
import { formatEpochs } from '../runs/rows';
import { formatBudget } from '../tradeoff/budget-view';
import { Button } from '../ui/button';
import { formatAccuracy, formatForecast, formatTimeLeft } from '../ui/format';
import { methodStyle } from '../ui/method-style';
import { Popup } from '../ui/popup';
import { StageEditor } from './stage-editors';
import { StageNode } from './stage-node';
import { stageViews, type StageId, type StageView } from './stages';
import styles from './recipe-line.module.css';

const stagesOf = (state: StudioState): string => JSON.stringify(stageViews(state));

export function RecipeLine() {
  // Compared as text: a drag changes the state on every frame, the stages almost never.
  const stages = JSON.parse(useStudio(stagesOf)) as readonly StageView[];
  return (
    <nav className={styles.recipe} aria-label="Recipe">
      <ol>
        {stages.map((stage) => (
          <li key={stage.id} data-state={stage.state} aria-current={stage.state === 'now' ? 'step' : undefined}>
            <StageNode state={stage.state} progress={stage.progress} />
            <Popup title={stage.title} button={stage.title} buttonClass={styles.name}>
              <StageEditor stage={stage.id} />
            </Popup>
            <StageNote id={stage.id} />
          </li>
        ))}
      </ol>
      <Action />
    </nav>
  );
}

function StageNote({ id }: { readonly id: StageId }) {
  const note = useStudio((state) => noteOf(state, id));
  const rest = useStudio((state) => restOf(state, id));
  return (
    <span className={styles.note}>
      {note}
      <span className={styles.wide}>{rest}</span>
    </span>
  );
}

/** What the stage will do. */
function noteOf(state: StudioState, id: StageId): string {
  const { network, scoring, rules, fineTune, training } = state;
  switch (id) {
    case 'pretrain':
      return network === null ? 'no network yet' : 'loaded';
    case 'decide': {
      const method = presentMethod(state);
      const title = method?.title ?? methodStyle(scoring.method).title;
      if (scoring.state === 'failed') return `${title}: not possible`;
      return trainsFirst(method) ? `by ${title}, ${formatEpochs(training.epochs)}` : `by ${title}`;
    }
    case 'reduce':
      return `to ${formatBudget(rules.budget)}`;
    case 'fine-tune':
      return fineTune.epochs === 0 ? 'recalibrated only' : formatEpochs(fineTune.epochs);
    case 'evaluate':
      return 'on the test set';
  }
}

/** What drops out of a note where there is no room. */
function restOf({ network }: StudioState, id: StageId): string {
  if (id === 'reduce') return ' of compute';
  const accuracy = network?.accuracy ?? null;
  return id === 'pretrain' && accuracy !== null ? `, ${formatAccuracy(accuracy)}` : '';
}

/** Starts the run, and while one trains steers it. */
function Action() {
  const run = useStudio(({ activeRun, runs }) => runs.find((summary) => summary.run === activeRun) ?? null);
  const left = useStudio(({ activeRun, live }) => (activeRun === null ? null : live[activeRun]?.progress?.secondsLeft));
  if (run === null) return <Start />;
  const paused = run.state === 'paused' || run.state === 'interrupted';
  return (
    <div className={styles.action}>
      {left === null || left === undefined ? null : <span>{formatTimeLeft(left)} left</span>}
      <Button
        kind={paused ? 'primary' : 'plain'}
        onClick={() => void actions.controlRun(run.run, paused ? 'resume' : 'pause')}
      >
        <Sign d={paused ? 'M3 1.5v11l9-5.5z' : 'M3 2h3v10H3zM8 2h3v10H8z'} />
        {paused ? 'Resume' : 'Pause'}
      </Button>
    </div>
  );
}

function Start() {
  const ready = useStudio(
    (state) =>
      state.plan !== null && state.dataset !== null && state.engine.phase === 'ready' && !isLocked(state, 'run'),
  );
  const seconds = useStudio(forecastSeconds);
  const label = useStudio(actionOf);
  return (
    <div className={styles.action}>
      {seconds === null ? null : <span>{formatForecast(seconds)}</span>}
      <Button kind="primary" disabled={!ready} onClick={() => void actions.startRun()}>
        <Sign d="M3 1.5v11l9-5.5z" />
        {label}
      </Button>
    </div>
  );
}

/** What the button starts, by its first word what takes the time. */
function actionOf(state: StudioState): string {
  const method = presentMethod(state);
  if (trainsFirst(method)) return `Train with ${methodStyle(method?.id ?? null).short}`;
  const what = truncates(method) ? 'this truncation' : 'this cut';
  return state.fineTune.epochs > 0 ? `Fine-tune ${what}` : `Carry out ${what}`;
}

function Sign({ d }: { readonly d: string }) {
  return (
    <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
      <path d={d} fill="currentColor" />
    </svg>
  );
}
