/** What opens on a stage of the recipe: its settings, in place. */
import type { CutRules } from '../../workers/network/plan';
import type { TrainStage } from '../../workers/protocol';
import { allocations } from '../studio/allocations';
import { smallestBudget } from '../studio/decisions';
import { isTraining } from '../studio/run-facts';
import { fittingMethods, presentMethod, standIn, trainsFirst, truncates } from '../studio/methods';
import type { StudioState } from '../studio/state';
import { actions, useStudio } from '../studio/store';
import { Button } from '../ui/button';
import { ChoiceInput, NumberInput } from '../ui/fields';
import { formatAccuracy, formatInteger } from '../ui/format';
import { SettingsForm } from '../ui/settings-form';
import { fineTuneChange, fineTuneSettings } from './fine-tune-settings';
import type { StageId } from './stages';
import styles from './recipe-line.module.css';

export function StageEditor({ stage }: { readonly stage: StageId }) {
  switch (stage) {
    case 'pretrain':
      return <Origin />;
    case 'decide':
      return <MethodEditor />;
    case 'reduce':
      return <ReduceEditor />;
    case 'fine-tune':
      return <FineTuneEditor />;
    case 'evaluate':
      return <Evaluation />;
  }
}

function Origin() {
  const network = useStudio((state) => state.network);
  if (network === null) return <p className={styles.text}>No network is open: choose one in the top bar.</p>;
  const { meta, hash, notes } = network.view;
  const measured = network.accuracy === null ? '' : ` ${formatAccuracy(network.accuracy)} on validation images.`;
  return (
    <>
      <p className={styles.text}>
        {meta.name} comes with its weights.{measured} It was {meta.history.length === 0 ? 'not changed' : 'cut before'}.
      </p>
      {notes.map((note) => (
        <p key={note} className={styles.text}>
          {note}
        </p>
      ))}
      <p className={styles.hash}>SHA-256 {hash.slice(0, 16)}…</p>
    </>
  );
}

function MethodEditor() {
  const known = useStudio(({ engine }) => engine.methods);
  const network = useStudio((state) => state.network);
  const methods = fittingMethods(known, network);
  const { method, settings } = useStudio((state) => state.scoring);
  const chosen = useStudio(presentMethod);
  return (
    <>
      <ChoiceInput
        label="Method"
        value={method}
        options={methods.map(({ id, title }) => ({ value: id, label: title }))}
        onChange={(id) => actions.chooseMethod(id)}
      />
      {chosen === null ? null : (
        <>
          <p className={styles.text}>{chosen.summary}</p>
          {trainsFirst(chosen) ? <TrainingEditor /> : null}
          <SettingsForm
            settings={chosen.settings}
            values={settings}
            onChange={(name, value) => actions.chooseMethod(method, { ...settings, [name]: value })}
          />
          {chosen.citation === '' ? null : <p className={styles.citation}>{chosen.citation}</p>}
        </>
      )}
    </>
  );
}

/** The stage a training method acts in: the same form as the fine-tune's, with a length and a rate of its own. */
function TrainingEditor() {
  return <TrainForm stage={useStudio((state) => state.training)} onChange={actions.changeTraining} />;
}

const reductions: readonly { readonly value: CutRules['reduction']; readonly label: string }[] = [
  { value: 'mean', label: 'mean' },
  { value: 'max', label: 'largest' },
  { value: 'sum', label: 'sum' },
  { value: 'first', label: 'first layer' },
];

const roundings: readonly { readonly value: '1' | '4' | '8'; readonly label: string }[] = [
  { value: '1', label: 'any number' },
  { value: '4', label: 'multiples of 4' },
  { value: '8', label: 'multiples of 8' },
];

const percent: Intl.NumberFormatOptions = { style: 'percent', maximumFractionDigits: 1 };

function ReduceEditor() {
  const method = useStudio(presentMethod);
  return (
    <>
      <BudgetInput />
      {trainsFirst(method) ? (
        <p className={styles.text}>
          The tree shows an estimate by {truncates(method) ? 'the present singular values' : standIn.short} until the
          method has decided.
        </p>
      ) : null}
      {truncates(method) ? <TruncateEditor /> : <PruneEditor />}
    </>
  );
}

function BudgetInput() {
  return (
    <NumberInput
      label="Compute kept"
      explain="Share of the original multiply-adds."
      value={useStudio(({ rules }) => rules.budget)}
      min={smallestBudget}
      max={1}
      step={0.01}
      format={percent}
      onChange={(budget) => actions.releaseBudget(budget)}
    />
  );
}

function TruncateEditor() {
  const byHand = useStudio(({ ranks }) => Object.keys(ranks).length);
  const whole = useStudio(({ rules }) => rules.protect.length);
  return (
    <>
      <p className={styles.text}>
        Every layer gives up the directions with the least energy for each multiply-add saved, down to the budget. Set a
        layer&apos;s own rank in the inspector.
      </p>
      {byHand + whole === 0 ? null : (
        <p className={styles.text}>
          By hand: {formatInteger(byHand)} ranks, {formatInteger(whole)} layers left whole.{' '}
          <Button kind="word" onClick={() => actions.keepRanks({})}>
            Clear ranks
          </Button>
        </p>
      )}
    </>
  );
}

function PruneEditor() {
  const rules = useStudio((state) => state.rules);
  const notes = useStudio(({ plan }) => plan?.notes);
  return (
    <>
      <ChoiceInput
        label="Cut"
        explain="Sensitivity is measured first, by trial cuts in every layer."
        value={rules.allocation}
        options={allocations}
        onChange={(allocation) => actions.changeRules({ allocation })}
      />
      <NumberInput
        label="Every layer keeps at least"
        value={rules.floor}
        min={0}
        max={1}
        step={0.05}
        format={percent}
        onChange={(floor) => actions.changeRules({ floor })}
      />
      <ChoiceInput
        label="Widths are"
        explain="Round widths run faster on some hardware."
        value={String(rules.roundTo) as '1' | '4' | '8'}
        options={roundings}
        onChange={(value) => actions.changeRules({ roundTo: value === '8' ? 8 : value === '4' ? 4 : 1 })}
      />
      <ChoiceInput
        label="Tied filters count by their"
        explain="Filters that are added together share one importance."
        value={rules.reduction}
        options={reductions}
        onChange={(reduction) => actions.changeRules({ reduction })}
      />
      <HandChoices rules={rules} />
      {notes?.map((note) => (
        <p key={note} className={styles.text}>
          {note}
        </p>
      ))}
    </>
  );
}

function HandChoices({ rules }: { readonly rules: CutRules }) {
  const filters = Object.values(rules.byHand).reduce((sum, { cut, keep }) => sum + cut.length + keep.length, 0);
  const layers = rules.protect.length + Object.keys(rules.keep).length;
  if (filters + layers === 0) return null;
  return (
    <p className={styles.text}>
      By hand: {formatInteger(filters)} filters and {formatInteger(layers)} layers.{' '}
      <Button kind="word" onClick={() => actions.changeRules({ byHand: {}, keep: {}, protect: [] })}>
        Clear hand choices
      </Button>
    </p>
  );
}

function FineTuneEditor() {
  return <TrainForm stage={useStudio((state) => state.fineTune)} onChange={actions.changeFineTune} />;
}

interface TrainFormProps {
  readonly stage: TrainStage;
  readonly onChange: (change: Partial<TrainStage>) => void;
}

function TrainForm({ stage, onChange }: TrainFormProps) {
  const values = Object.fromEntries(
    Object.entries(stage).flatMap(([name, value]) =>
      typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean' ? [[name, value]] : [],
    ),
  );
  return (
    <SettingsForm
      settings={fineTuneSettings}
      values={values}
      onChange={(name, value) => {
        const change = fineTuneChange(name, value);
        if (change !== null) onChange(change);
      }}
    />
  );
}

const testUses = ({ runs }: StudioState): number => runs.reduce((sum, { result }) => sum + (result?.testUses ?? 0), 0);

function Evaluation() {
  const dataset = useStudio((state) => state.dataset);
  const uses = useStudio(testUses);
  const trained = useStudio(({ runs }) => runs.filter(({ recipe }) => recipe.stages.some(isTraining)).length);
  if (dataset === null) return <p className={styles.text}>Open data to measure accuracy.</p>;
  return (
    <p className={styles.text}>
      Decisions read the {formatInteger(dataset.counts.validation)} validation images. The{' '}
      {formatInteger(dataset.counts.test)} test images are read once, at the end of a run: {formatInteger(uses)} times
      in {formatInteger(trained)} runs so far.
    </p>
  );
}
