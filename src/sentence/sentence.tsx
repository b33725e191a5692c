/** The headline: the present trade in words. Bold values are live; the dashed green one is dragged. */
import type { ReactNode } from 'react';
import { smallestBudget } from '../studio/decisions';
import type { PassFigures } from '../../workers/protocol';
import { metricOf, metricTitle } from '../studio/metric';
import { isLocked } from '../lessons/locks';
import { builtLooks } from '../studio/looking';
import { keepsAll, presentMethod, standIn, trainsFirst, truncates } from '../studio/methods';
import { cutsNothing } from '../studio/planning';
import type { Plan, PlannedTruncation, PreviewState } from '../studio/state';
import { actions, studio, useStudio } from '../studio/store';
import { workOf } from '../strip/work';
import { budgetAfterKey, formatBudget } from '../tradeoff/budget-view';
import { Failure } from '../ui/failure';
import { formatAccuracy, formatCount, formatInteger, NBSP } from '../ui/format';
import { Scrub } from '../ui/scrub';
import { useExpected } from './expected';
import styles from './sentence.module.css';

/** Four pixels are one percent. */
const perPixel = 0.0025;

export function Sentence() {
  const network = useStudio((state) => state.network);
  const scoring = useStudio((state) => state.scoring);
  const plan = useStudio((state) => state.plan);
  const method = useStudio(presentMethod);
  const isBusy = useStudio((state) => workOf(state) !== null);
  if (network === null) {
    return <Headline>{isBusy ? 'A network is on its way.' : 'Open a network to see where its compute goes.'}</Headline>;
  }
  if (plan === null && scoring.state === 'failed') {
    return (
      <Headline>
        <Failure
          message={scoring.error ?? 'The filters could not be scored.'}
          action={{ label: 'Score again', run: actions.tryAgain }}
        />
      </Headline>
    );
  }
  if (plan === null) {
    return (
      <Headline>
        {network.view.meta.name} takes <b>{formatCount(network.macs)}</b> multiply-adds for one image and holds{' '}
        <b>{formatInteger(network.parameters)}</b> parameters. Scoring shows what of it matters.
      </Headline>
    );
  }
  if (network.macs === plan.macs && keepsAll(method)) return <Looks />;
  return (
    <>
      <Headline>
        Keeping <Budget /> of the compute <Reduction plan={plan} /> and leaves {formatCount(plan.macs)} multiply-adds.{' '}
        <Outcome />
      </Headline>
      <Forecast />
      {plan.shortfall === undefined ? null : <p className={styles.shortfall}>{plan.shortfall}</p>}
    </>
  );
}

/** Of a network that looks again: what the chosen look costs and reaches, beside one look. */
function Looks() {
  const network = useStudio((state) => state.network);
  const measured = useStudio(({ looks }) => looks.measured);
  const hasData = useStudio(({ dataset }) => dataset !== null);
  const look = useStudio(({ view }) => view.look) ?? builtLooks(network);
  const [first, chosen] = [measured?.[0], measured?.[look - 1]];
  if (network === null) return null;
  if (first === undefined || chosen === undefined) {
    return (
      <Headline>
        {network.view.meta.name} spends {formatCount(network.macs)} multiply-adds.{' '}
        {hasData ? 'What each look brings is being measured.' : 'Open data to see what each look brings.'}
      </Headline>
    );
  }
  const figure = ({ mIoU, accuracy }: PassFigures): string => formatAccuracy(mIoU ?? accuracy);
  const name = first.mIoU === null ? 'accuracy' : 'mIoU';
  return (
    <Headline>
      A network that looks <b>{look === 1 ? 'once' : `${look} times`}</b> spends <b>{formatCount(chosen.macs)}</b>{' '}
      multiply-adds with {formatCount(network.parameters)} parameters and reaches <b>{figure(chosen)}</b> {name}
      {look === 1 ? '.' : `; one look, ${formatCount(first.macs)}, gets ${figure(first)}.`}
    </Headline>
  );
}

/** What goes, in the method's own units. */
function Reduction({ plan: { filters, truncation } }: { readonly plan: Plan }) {
  if (truncation === undefined) {
    return (
      <>
        removes{' '}
        <b>
          {formatInteger(filters.removed)} of {formatInteger(filters.total)}
        </b>{' '}
        filters
      </>
    );
  }
  const { layers } = truncation;
  return (
    <>
      truncates{' '}
      <b>
        {formatInteger(layers.split)} of {formatInteger(layers.total)}
      </b>{' '}
      layers
      {layers.split === 0 ? null : (
        <>
          {' '}
          to rank <RankRange truncation={truncation} />
        </>
      )}
    </>
  );
}

/** "8–21", or "8". */
function RankRange({ truncation: { ranks } }: { readonly truncation: PlannedTruncation }) {
  const values = Object.values(ranks);
  const low = Math.min(...values);
  const high = Math.max(...values);
  return <b>{low === high ? low : `${low}\u2013${high}`}</b>;
}

/** Before a method that trains has decided, the plan is another's. */
function Forecast() {
  const method = useStudio(presentMethod);
  if (method === null || !trainsFirst(method)) return null;
  const by = truncates(method) ? 'the present singular values' : standIn.short;
  return (
    <p className={styles.forecast}>
      Estimate by {by} until {method.title} has decided.
    </p>
  );
}

function Headline({ children }: { readonly children: ReactNode }) {
  return <h1 className={styles.headline}>{children}</h1>;
}

function Budget() {
  const budget = useStudio(({ rules }) => rules.budget);
  const macs = useStudio(({ plan }) => plan?.macs ?? 0);
  const isHeld = useStudio((state) => isLocked(state, 'budget'));
  return (
    <Scrub
      label="Compute budget"
      isHeld={isHeld}
      value={Math.round(budget * 100)}
      min={smallestBudget * 100}
      max={100}
      perPixel={perPixel * 100}
      valueText={`${formatBudget(budget)}, ${formatCount(macs)} multiply-adds`}
      read={() => studio.getState().rules.budget * 100}
      afterKey={percentAfterKey}
      onDrag={(percent) => actions.dragBudget(Math.round(percent) / 100)}
      onRelease={(percent) => actions.releaseBudget(Math.round(percent) / 100)}
      onCancel={() => actions.cancelDrag()}
    >
      {formatBudget(budget)}
    </Scrub>
  );
}

function percentAfterKey(percent: number, key: string, shift: boolean): number | null {
  const asked = budgetAfterKey(percent / 100, key, shift, [smallestBudget, 1]);
  return asked === null ? null : asked * 100;
}

/** What the cut does to accuracy, as far as it is known. */
function Outcome() {
  const original = useStudio(({ network }) => network?.accuracy ?? null);
  const dataset = useStudio((state) => state.dataset);
  const preview = useStudio((state) => state.preview);
  const isWhole = useStudio(({ plan }) => plan !== null && cutsNothing(plan));
  const metric = metricOf(dataset);
  if (dataset === null) return 'Open data to see what that does to its accuracy.';
  if (preview.state === 'failed') return <Failure message={preview.error ?? 'The cut could not be checked.'} />;
  if (isWhole) {
    return (
      <>
        Nothing is cut{original === null ? '' : `: its ${metric} is `}
        {original === null ? null : <b>{formatAccuracy(original)}</b>}.
      </>
    );
  }
  const before = original === null ? '' : ` from ${formatAccuracy(original)}`;
  return (
    <>
      {preview.accuracy === null ? (
        `Its ${metric} ${preview.state === 'checking' ? 'is being measured' : 'needs measuring'}`
      ) : (
        <>
          {metricTitle(metric)} drops{before} to <Value preview={preview} share={preview.accuracy} /> at the cut
          <Recalibrated preview={preview} />
        </>
      )}
      <Expectation />.
    </>
  );
}

/** What runs of this method came to after fine-tuning, in few words: the whole sentence is to stay within two lines. */
function Expectation() {
  const share = useStudio(({ plan }) => plan?.share ?? 1);
  const expected = useExpected();
  const at = expected?.estimate.at(share * 100)?.y ?? null;
  if (expected === null || at === null) return null;
  return (
    <span title={`Estimated from ${expected.basis}`}>
      , <b>about {formatAccuracy(at / 100)}</b> fine-tuned
    </span>
  );
}

function Recalibrated({ preview }: { readonly preview: PreviewState }) {
  if (preview.recalibrated === null) return null;
  return (
    <>
      {' '}
      (<Value preview={preview} share={preview.recalibrated} /> recalibrated)
    </>
  );
}

/** Old values stay, paler and underlined, while the check runs. */
function Value({ preview, share }: { readonly preview: PreviewState; readonly share: number }) {
  const about = preview.state === 'estimate' ? `≈${NBSP}` : '';
  return (
    <b className={preview.state === 'checking' ? styles.checking : undefined}>
      {about}
      {formatAccuracy(share)}
    </b>
  );
}
