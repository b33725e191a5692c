/** Live knobs of a run: what was turned, when, and what holds. Every turn is kept, for the recipe alone does not say it. */
import { methodById } from '../methods';
import type { KnobChange, Recipe, SettingValues } from '../protocol';

/** `knobs` with one turn more. Of a knob that is dragged, only the last turn before each step counts. */
export function withTurn(knobs: readonly KnobChange[], turn: KnobChange): readonly KnobChange[] {
  const same = ({ stage, step, setting }: KnobChange): boolean =>
    stage === turn.stage && step === turn.step && setting === turn.setting;
  return [...knobs.filter((other) => !same(other)), turn];
}

/** The settings that were turned while `stage` trained, as last turned. They hold to the end of that stage. */
export function turnedIn(knobs: readonly KnobChange[], stage: number): SettingValues {
  return Object.fromEntries(knobs.filter((turn) => turn.stage === stage).map(({ setting, value }) => [setting, value]));
}

/**
 * The turns as a run sees them that goes on from `step` of `stage`: those of steps it does again hold from the first of
 * these on, for a person has made up their mind already.
 */
export function rewound(knobs: readonly KnobChange[], stage: number, step: number): readonly KnobChange[] {
  return knobs
    .filter((turn) => turn.stage <= stage)
    .map((turn) => (turn.stage === stage ? { ...turn, step: Math.min(turn.step, step) } : turn))
    .reduce(withTurn, [] as readonly KnobChange[]);
}

/** One sentence for every knob that was turned, for the result of the run. */
export function turnNotes({ stages }: Recipe, knobs: readonly KnobChange[] = []): readonly string[] {
  const same = (a: KnobChange, b: KnobChange): boolean => a.stage === b.stage && a.setting === b.setting;
  return knobs.flatMap((turn, at) => {
    if (knobs.slice(at + 1).some((later) => same(later, turn))) return [];
    const stage = stages[turn.stage];
    const method = stage !== undefined && 'method' in stage ? stage.method : undefined;
    const label = method === undefined ? undefined : methodById(method).settings[turn.setting]?.label;
    const times = knobs.filter((other) => same(other, turn)).length;
    const before = times === 1 ? '' : `, after ${times - 1} other ${times === 2 ? 'turn' : 'turns'}`;
    const place = `at step ${turn.step} of stage ${turn.stage + 1}`;
    return [`"${label ?? turn.setting}" was turned to ${turn.value} by hand ${place}${before}.`];
  });
}
