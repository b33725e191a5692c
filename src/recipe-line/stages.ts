/** The recipe as the line shows it: five stages, what each will do, and how far the present cut or run has come. */
import type { Progress, RunSummary, StageName } from '../../workers/protocol';
import { recipeOf } from '../studio/run-recipe';
import type { StudioState } from '../studio/state';

export type StageId = 'pretrain' | 'score' | 'prune' | 'fine-tune' | 'evaluate';
export type StageState = 'done' | 'now' | 'todo';

export interface StageView {
  readonly id: StageId;
  readonly title: string;
  readonly state: StageState;
  /** Share of the stage that is done; null when nothing runs in it. */
  readonly progress: number | null;
}

const line: readonly { readonly id: StageId; readonly title: string; readonly stages: readonly StageName[] }[] = [
  { id: 'pretrain', title: 'Pretrain', stages: ['pretrain'] },
  { id: 'score', title: 'Score', stages: ['score'] },
  { id: 'prune', title: 'Prune', stages: ['prune', 'truncate'] },
  { id: 'fine-tune', title: 'Fine-tune', stages: ['recalibrate', 'fine-tune'] },
  { id: 'evaluate', title: 'Evaluate', stages: ['evaluate'] },
];

/** Where the running recipe stands, or where the person does. */
export function stageViews(state: StudioState): readonly StageView[] {
  const progress = state.activeRun === null ? null : (state.live[state.activeRun]?.progress ?? null);
  const present = state.activeRun === null ? placeOf(state) : placeOfRun(progress);
  return line.map(({ id, title }, index) => ({
    id,
    title,
    state: index < present ? 'done' : index === present ? 'now' : 'todo',
    progress: index === present ? shareOf(state, progress) : null,
  }));
}

function placeOfRun(progress: Progress | null): number {
  const at = line.findIndex(({ stages }) => progress !== null && stages.includes(progress.stageName));
  return at < 0 ? 1 : at;
}

function placeOf(state: StudioState): number {
  if (state.network === null) return 0;
  if (state.plan === null || state.scoring.state === 'scoring') return 1;
  return wasCarriedOut(state) ? line.length : 2;
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

function shareOf({ activeRun }: StudioState, progress: Progress | null): number | null {
  if (activeRun === null || progress === null || progress.total === 0) return null;
  return progress.done / progress.total;
}
