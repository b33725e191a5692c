/** What opens on a stage of the recipe: its settings, in place. */
import type { CutRules } from '../../workers/network/plan';
import { smallestBudget } from '../studio/decisions';
import { isTraining } from '../studio/run-facts';
import { scoringMethods } from '../studio/scoring';
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
    case 'score':
      return <ScoreEditor />;
    case 'prune':
      return <PruneEditor />;
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

function ScoreEditor() {
  const methods = scoringMethods(useStudio(({ engine }) => engine.methods));
  const { method, settings } = useStudio((state) => state.scoring);
  const chosen = methods.find(({ id }) => id === method);
  return (
    <>
      <ChoiceInput
        label="Importance by"
        value={method}
        options={methods.map(({ id, title }) => ({ value: id, label: title }))}
        onChange={(id) => actions.chooseMethod(id)}
      />
      {chosen === undefined ? null : (
        <>
          <p className={styles.text}>{chosen.summary}</p>
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

const allocations: readonly { readonly value: CutRules['allocation']; readonly label: string }[] = [
  { value: 'global', label: 'weakest anywhere' },
  { value: 'uniform', label: 'the same share everywhere' },
  { value: 'sensitivity', label: 'by measured sensitivity' },
];

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

function PruneEditor() {
  const rules = useStudio((state) => state.rules);
  const notes = useStudio(({ plan }) => plan?.notes);
  return (
    <>
      <NumberInput
        label="Compute kept"
        explain="Share of the original multiply-adds."
        value={rules.budget}
        min={smallestBudget}
        max={1}
        step={0.01}
        format={percent}
        onChange={(budget) => actions.releaseBudget(budget)}
      />
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
  const fineTune = useStudio((state) => state.fineTune);
  const values = Object.fromEntries(
    Object.entries(fineTune).flatMap(([name, value]) =>
      typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean' ? [[name, value]] : [],
    ),
  );
  return (
    <SettingsForm
      settings={fineTuneSettings}
      values={values}
      onChange={(name, value) => {
        const change = fineTuneChange(name, value);
        if (change !== null) actions.changeFineTune(change);
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
