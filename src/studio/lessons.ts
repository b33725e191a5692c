/** A lesson while it is followed: what it sets up, which step is done, what was answered. */
import type { Arrangement, Lesson } from '../lessons/lesson-file';
import { isMet } from '../lessons/conditions';
import { recallProgress, rememberProgress } from '../lessons/progress';
import { report, type StudioContext } from './context';
import type { Decisions } from './decisions';
import { defaultSettings, presentMethod, truncates } from './methods';
import type { Opening } from './opening';
import type { LessonState, StudioActions, StudioState } from './state';

type Gestures = Pick<StudioActions, 'show' | 'startRun' | 'playTrace'>;

type Teaching = Pick<StudioActions, 'openLesson' | 'leaveLesson' | 'goToStep' | 'answer' | 'showMe'>;

export function createTeaching(
  context: StudioContext,
  opening: Opening,
  decisions: Decisions,
  gestures: Gestures,
): Teaching {
  const { store } = context;

  store.subscribe((state, before) => {
    if (state !== before) settle(state);
  });

  /** A step is done once its target was seen and its question answered; it stays done. */
  function settle(state: StudioState): void {
    const { lesson: open } = state;
    if (open === null || open.done[open.at] === true || state.opening !== null) return;
    const step = open.lesson.steps[open.at];
    if (step === undefined) return;
    const answered = step.question === undefined || (open.answers[step.question.id] ?? '') !== '';
    if (!answered || (step.target !== undefined && !isMet(step.target, state))) return;
    place({ ...open, done: open.done.map((was, at) => was || at === open.at) });
  }

  function place(lesson: LessonState): void {
    rememberProgress(lesson);
    store.setState({ lesson });
  }

  async function arrange({
    network,
    data,
    method,
    settings,
    rules,
    ranks,
    training,
    fineTune,
    view,
    run,
    replay,
  }: Arrangement) {
    const lesson = store.getState().lesson?.lesson;
    const isLeft = (state: StudioState): boolean => state.lesson?.lesson !== lesson;
    if (network !== undefined) {
      const beside = data === undefined ? {} : { data: { source: data, files: [] } };
      if (!(await opening.openNetwork(network, [], beside))) return;
    } else if (data !== undefined && !(await opening.openDataset(data))) return;
    if (isLeft(store.getState())) return;
    if (method !== undefined) {
      const { engine, scoring } = store.getState();
      const declared = defaultSettings(engine.methods.find(({ id }) => id === method));
      if (method !== scoring.method || settings !== undefined) {
        decisions.chooseMethod(method, { ...declared, ...settings });
      }
    }
    if (training !== undefined) decisions.changeTraining(defined(training));
    if (fineTune !== undefined) decisions.changeFineTune(defined(fineTune));
    if (rules !== undefined) decisions.changeRules(defined(rules));
    if (ranks !== undefined) decisions.keepRanks(ranks);
    if (view !== undefined) gestures.show(defined(view));
    if (run === true) await whenPlanned(gestures.startRun, isLeft);
    if (replay !== undefined) await gestures.playTrace(replay);
  }

  /** A run needs the plan of the present method: scores may still be on their way. `isLeft`: nobody waits for it any more. */
  function whenPlanned(then: () => Promise<void>, isLeft: (state: StudioState) => boolean): Promise<void> {
    const ready = (state: StudioState): boolean =>
      state.dataset !== null &&
      state.plan !== null &&
      state.scoring.state === 'ready' &&
      (state.plan.truncation !== undefined) === truncates(presentMethod(state));
    return new Promise((resolve, reject) => {
      const look = (state: StudioState): void => {
        const isOver = isLeft(state);
        if (!isOver && !ready(state)) return;
        unsubscribe();
        if (isOver) resolve();
        else then().then(resolve, reject);
      };
      const unsubscribe = store.subscribe(look);
      look(store.getState());
    });
  }

  function begin(change: Arrangement): void {
    arrange(change).catch((thrown: unknown) => report(context, thrown));
  }

  return {
    async openLesson(lesson) {
      const known = recallProgress(lesson.id, lesson.steps.length);
      const at = known?.at ?? 0;
      place({
        lesson,
        at,
        done: known?.done ?? lesson.steps.map(() => false),
        answers: known?.answers ?? {},
      });
      await arrange(arrangementAt(lesson, at)).catch((thrown: unknown) => report(context, thrown));
    },
    leaveLesson() {
      store.setState({ lesson: null });
    },
    goToStep(at) {
      const { lesson: open } = store.getState();
      const step = open?.lesson.steps[at];
      if (open === null || step === undefined) return;
      const begins = at > open.at;
      place({ ...open, at });
      if (begins && step.arrange !== undefined) begin(step.arrange);
      settle(store.getState());
    },
    answer(question, text) {
      const { lesson: open } = store.getState();
      if (open === null) return;
      place({ ...open, answers: { ...open.answers, [question]: text } });
      settle(store.getState());
    },
    showMe() {
      const { lesson: open } = store.getState();
      const demo = open?.lesson.steps[open.at]?.demo;
      if (demo !== undefined) begin(demo);
    },
  };
}

/** Everything the lesson has set up when step `at` begins; runs are not started again. */
function arrangementAt({ begin, steps }: Lesson, at: number): Arrangement {
  const parts = [begin, ...steps.slice(0, at + 1).flatMap(({ arrange }) => (arrange === undefined ? [] : [arrange]))];
  const rules: Arrangement['rules'] = Object.assign({}, ...parts.map((part) => part.rules));
  const view: Arrangement['view'] = Object.assign({}, ...parts.map((part) => part.view));
  const last: Arrangement = Object.assign({}, ...parts);
  const { run: _, replay: __, ...merged }: Arrangement = { ...last, rules, view };
  return merged;
}

/** Without keys that are there but undefined: a change must not overwrite with nothing. */
function defined<T extends object>(change: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
