/** A lesson holds controls still until a step unlocks them. */
import type { LessonState, StudioActions, StudioState } from '../studio/state';
import { controlNames, gestureControls, type Control, type LessonPanel } from './vocabulary';

/** Controls that work at the present step; null = all of them, no lesson is open. */
export function unlocked(state: LessonState | null): ReadonlySet<Control> | null {
  if (state === null) return null;
  return new Set(state.lesson.steps.slice(0, state.at + 1).flatMap(({ unlock }) => unlock));
}

export function isLocked(state: Pick<StudioState, 'lesson'>, control: Control): boolean {
  return unlocked(state.lesson)?.has(control) === false;
}

/** Panels that wait for their step. */
export function hiddenPanels(state: LessonState | null): readonly LessonPanel[] {
  if (state === null) return [];
  const shown = new Set(state.lesson.steps.slice(0, state.at + 1).flatMap(({ show }) => show));
  return (['recipe', 'runs'] as const).filter((panel) => !shown.has(panel));
}

/** The same gestures; those a lesson locks do nothing, and `refuse` is told why. */
export function guarded(
  actions: StudioActions,
  lesson: () => LessonState | null,
  refuse: (message: string) => void,
): StudioActions {
  const guard = (name: string, gesture: (...params: never[]) => unknown) => {
    const control = gestureControls[name as keyof StudioActions];
    if (control === undefined) return gesture;
    return (...params: never[]): unknown => {
      if (unlocked(lesson())?.has(control) !== false) return gesture(...params);
      refuse(`This step of the lesson does not change ${controlNames[control]}.`);
      return Promise.resolve();
    };
  };
  return Object.fromEntries(
    Object.entries(actions).map(([name, gesture]) => [name, guard(name, gesture as (...params: never[]) => unknown)]),
  ) as unknown as StudioActions;
}
