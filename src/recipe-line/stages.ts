/** The recipe as the line shows it: five places, what each will do, and how far the present cut or run has come. */
import type { MethodDeclaration, Progress, Recipe, RunSummary, Stage } from '../../workers/protocol';
import { keepsAll, presentMethod, trainsFirst, truncates } from '../studio/methods';
import { methodOf } from '../studio/run-facts';
import { recipeOf } from '../studio/run-recipe';
import type { StudioState } from '../studio/state';

/** `decide` is where the method works out what goes, `reduce` where it goes. */
export type StageId = 'pretrain' | 'decide' | 'reduce' | 'fine-tune' | 'evaluate';
export type StageState = 'done' | 'now' | 'todo';

export interface StageView {
  readonly id: StageId;
  readonly title: string;
  readonly state: StageState;
  /** Share of the stage that is done; null when nothing runs in it. */
  readonly progress: number | null;
}

const line: readonly StageId[] = ['pretrain', 'decide', 'reduce', 'fine-tune', 'evaluate'];
const lineOfWhole: readonly StageId[] = ['pretrain', 'decide', 'evaluate'];

/** Where the running recipe stands, or where the person does. */
export function stageViews(state: StudioState): readonly StageView[] {
  const run = state.runs.find((other) => other.run === state.activeRun) ?? null;
  const progress = run === null ? null : (state.live[run.run]?.progress ?? null);
  const method = methodOnTheLine(state, run);
  const shown = keepsAll(method) ? lineOfWhole : line;
  const present = run === null ? placeOf(state, shown) : placeOfRun(run.recipe, progress, shown);
  return shown.map((id, index) => ({
    id,
    title: titleOf(id, method),
    state: index < present ? 'done' : index === present ? 'now' : 'todo',
    progress: index === present ? shareOf(run, progress) : null,
  }));
}

/** The method of the run that trains, else the chosen one. */
function methodOnTheLine(state: StudioState, run: RunSummary | null): MethodDeclaration | null {
  const id = run === null ? null : methodOf(run.recipe);
  return state.engine.methods.find((method) => method.id === id) ?? presentMethod(state);
}

function titleOf(id: StageId, method: MethodDeclaration | null): string {
  switch (id) {
    case 'pretrain':
      return 'Pretrain';
    case 'decide':
      return trainsFirst(method) ? 'Train' : truncates(method) ? 'Decompose' : 'Score';
    case 'reduce':
      return truncates(method) ? 'Truncate' : 'Prune';
    case 'fine-tune':
      return 'Fine-tune';
    case 'evaluate':
      return 'Evaluate';
  }
}

function placeOfRun({ stages }: Recipe, progress: Progress | null, shown: readonly StageId[]): number {
  const stage = progress === null ? undefined : stages[progress.stage];
  return shown.indexOf(stage === undefined ? 'decide' : placeOfStage(stage));
}

function placeOfStage(stage: Stage): StageId {
  switch (stage.stage) {
    case 'pretrain':
      return 'pretrain';
    case 'score':
      return 'decide';
    case 'prune':
    case 'truncate':
      return 'reduce';
    case 'fine-tune':
      return stage.method === undefined ? 'fine-tune' : 'decide';
    case 'reconstruct':
    case 'recalibrate':
      return 'fine-tune';
    case 'evaluate':
      return 'evaluate';
  }
}

function placeOf(state: StudioState, shown: readonly StageId[]): number {
  if (state.network === null) return 0;
  if (state.plan === null || state.scoring.state === 'scoring') return 1;
  if (wasCarriedOut(state)) return shown.length;
  return keepsAll(presentMethod(state)) ? 1 : 2;
}

/** Whether the newest finished run did exactly what the line says now. */
function wasCarriedOut(state: StudioState): boolean {
  const finished = state.runs.filter(({ origin, state: at }) => origin === 'here' && at === 'finished');
  const newest = finished.reduce<RunSummary | null>(
    (best, run) => (best === null || run.started > best.started ? run : best),
    null,
  );
  const recipe = newest === null ? null : recipeOf(state);
  return recipe !== null && JSON.stringify(newest?.recipe.stages) === JSON.stringify(recipe.stages);
}

function shareOf(run: RunSummary | null, progress: Progress | null): number | null {
  if (run === null || progress === null || progress.total === 0) return null;
  return progress.done / progress.total;
}
