/** The strip while nothing trains: what a fine-tune would take, what failed, what can be resumed. */
import type { RunResult, RunSummary } from '../../workers/protocol';
import { adoptRecipe } from '../studio/adopt';
import { forecastSeconds, imagesPerEpoch } from '../studio/forecast';
import { presentMethod, trainsFirst, truncates } from '../studio/methods';
import type { StudioState } from '../studio/state';
import { actions, studio, useStudio } from '../studio/store';
import computing from '../ui/computing.module.css';
import { Failure } from '../ui/failure';
import { formatAccuracy, formatForecast, formatInteger } from '../ui/format';
import { formatEpochs, nameOf } from '../runs/rows';
import { Welcome } from '../welcome/welcome';
import { CutProof } from './cut-proof';
import { remedyFor, type Remedy } from './remedy';
import { Transport } from './transport';
import { useLongWork, workOf } from './work';
import styles from './strip.module.css';

/** The newest run of this browser: only what happened last is worth saying here. */
const newestOwn = ({ runs }: StudioState): RunSummary | null =>
  runs
    .filter(({ origin }) => origin === 'here')
    .reduce<RunSummary | null>((newest, run) => (newest === null || run.started > newest.started ? run : newest), null);

export function IdleStrip() {
  const newest = useStudio(newestOwn);
  const work = useLongWork();
  const outlook = useStudio(outlookOf);
  const canResume = newest?.state === 'interrupted';
  return (
    <section className={styles.strip} aria-label="Training">
      <Transport run={canResume ? newest.run : null} state={canResume ? newest.state : null} />
      <div className={styles.state}>
        <div className={styles.now}>
          {work === null ? (
            <b>{canResume ? `${nameOf(newest)} was interrupted` : 'Nothing is training'}</b>
          ) : (
            <b className={`${styles.busy} ${computing.line}`}>{work}</b>
          )}
          {newest?.state === 'finished' && newest.result !== null ? (
            <Ending run={newest} result={newest.result} />
          ) : null}
        </div>
        {newest?.state === 'failed' && newest.error !== null ? (
          <Failure message={newest.error.message} action={actionOf(remedyFor(newest.error, newest), newest)} />
        ) : (
          <span>{canResume ? 'Resume goes on from its last checkpoint.' : outlook}</span>
        )}
      </div>
      <Welcome />
    </section>
  );
}

/** What the newest run came to. */
function Ending({ run, result }: { readonly run: RunSummary; readonly result: RunResult }) {
  const { accuracy, metric, proof } = result;
  return (
    <>
      <span>
        {nameOf(run)} ended{accuracy.final === null ? '' : ` at ${formatAccuracy(accuracy.final, metric)}`}
      </span>
      <CutProof difference={proof.maxAbsLogitDifference} />
    </>
  );
}

/** How long the present fine-tune would take; how much it is where no speed was measured yet. */
function outlookOf(state: StudioState): string {
  const { fineTune, training, network, dataset } = state;
  if (network === null) return workOf(state) === null ? 'Open a network to begin.' : '';
  if (dataset === null) return 'Fine-tuning needs data: open a data set.';
  const seconds = forecastSeconds(state);
  const method = presentMethod(state);
  const cut = truncates(method) ? 'truncation' : 'cut';
  const stages = [...(trainsFirst(method) ? [training] : []), fineTune].filter(({ epochs }) => epochs > 0);
  if (stages.length === 0) return `This ${cut} is recalibrated only: nothing trains.`;
  const what = trainsFirst(method) ? `Training with ${method?.title ?? 'the method'}` : `Fine-tuning this ${cut}`;
  const effort = stages
    .map((stage) => `${formatEpochs(stage.epochs)} of ${formatInteger(imagesPerEpoch(dataset, stage))} images`)
    .join(' and ');
  const takes = seconds === null ? `${what} is ${effort}` : `${what} takes ${formatForecast(seconds)}, ${effort}`;
  return `${takes}. You can keep exploring while it runs.`;
}

function actionOf(remedy: Remedy | null, run: RunSummary) {
  if (remedy === null) return null;
  return {
    label: remedy.label,
    run(): void {
      if (remedy.kind === 'resume') void actions.controlRun(run.run, 'resume');
      else adoptRecipe(run.recipe, actions, studio.getState(), remedy.change);
    },
  };
}
