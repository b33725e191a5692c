/** Live knobs of the method that trains, and what it says of itself in numbers. */
import type { MethodDeclaration, RunSummary, SettingDeclaration } from '../../workers/protocol';
import { isTraining } from '../studio/run-facts';
import type { LiveRun } from '../studio/state';
import { actions, useStudio } from '../studio/store';
import { formatAccuracy, formatSetting } from '../ui/format';
import { labelOf } from '../studio/telemetry';
import styles from './strip.module.css';

interface MethodFactsProps {
  readonly run: RunSummary;
  readonly live: LiveRun | null;
}

type Knob = Extract<SettingDeclaration, { kind: 'number' }>;

/** Nothing where no method trains in the run. */
export function MethodFacts({ run, live }: MethodFactsProps) {
  const methods = useStudio(({ engine }) => engine.methods);
  const progress = live?.progress ?? null;
  const stage = progress === null ? undefined : run.recipe.stages[progress.stage];
  const acting = stage !== undefined && isTraining(stage) && stage.method !== undefined ? stage : null;
  const method = methods.find(({ id }) => id === acting?.method) ?? null;
  const values = Object.entries(live?.telemetry?.values ?? {});
  const knobs = acting === null ? [] : knobsOf(method);
  if (values.length + knobs.length === 0) return null;
  return (
    <div className={styles.method}>
      {knobs.map(([name, knob]) => (
        <KnobInput
          key={name}
          knob={knob}
          value={turnedTo(run, progress?.stage, name) ?? numberOr(acting?.settings?.[name], knob.default)}
          onChange={(value) => void actions.setKnob(run.run, name, value)}
        />
      ))}
      <dl className={styles.readouts}>
        {values.map(([key, value]) => (
          <div key={key}>
            <dt>{labelOf(key)}</dt>
            <dd>{formatValue(key, value)}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

/** As the knob was last turned in this stage. */
function turnedTo({ knobs = [] }: RunSummary, stage: number | undefined, name: string): number | undefined {
  return knobs.findLast((turn) => turn.stage === stage && turn.setting === name)?.value;
}

function knobsOf(method: MethodDeclaration | null): readonly (readonly [string, Knob])[] {
  return Object.entries(method?.settings ?? {}).flatMap(([name, setting]) =>
    setting.kind === 'number' && setting.live === true ? [[name, setting] as const] : [],
  );
}

/** Shares and accuracies are of 1 and read as %; everything else as it is. */
export function formatValue(key: string, value: number): string {
  return /share|accuracy|energy/i.test(key) ? formatAccuracy(value) : formatSetting(value);
}

interface KnobInputProps {
  readonly knob: Knob;
  readonly value: number;
  readonly onChange: (value: number) => void;
}

/** Positions of a knob on a logarithmic scale. */
const POSITIONS = 1000;

function KnobInput({ knob, value, onChange }: KnobInputProps) {
  const { label, explain, min, max, step, scale } = knob;
  const isLog = scale === 'log' && min > 0;
  const position = isLog ? Math.round((POSITIONS * Math.log(value / min)) / Math.log(max / min)) : value;
  const valueAt = (at: number): number =>
    isLog ? Number((min * (max / min) ** (at / POSITIONS)).toPrecision(2)) : Math.min(max, Math.max(min, at));
  return (
    <label className={styles.knob} title={explain}>
      <span>{label}</span>
      <input
        type="range"
        min={isLog ? 0 : min}
        max={isLog ? POSITIONS : max}
        step={isLog ? 1 : step}
        value={position}
        aria-valuetext={formatSetting(value)}
        onChange={(event) => onChange(valueAt(Number(event.target.value)))}
      />
      <b>{formatSetting(value)}</b>
    </label>
  );
}

function numberOr(value: number | string | boolean | undefined, other: number): number {
  return typeof value === 'number' ? value : other;
}
