/** Where a person was in each lesson, and what they answered: kept in this browser, until they clear it. */
import * as v from 'valibot';
import type { LessonState } from '../studio/state';

const key = 'espalier.lessons';

const ProgressSchema = v.record(
  v.string(),
  v.object({
    at: v.pipe(v.number(), v.integer(), v.minValue(0)),
    done: v.array(v.boolean()),
    answers: v.record(v.string(), v.string()),
  }),
);

type Progress = v.InferOutput<typeof ProgressSchema>;

function recallAll(storage: Pick<Storage, 'getItem'> | undefined): Progress {
  try {
    return v.parse(ProgressSchema, JSON.parse(storage?.getItem(key) ?? '{}'));
  } catch {
    return {};
  }
}

/** Null when the lesson was never begun, or has other steps than it had. */
export function recallProgress(id: string, steps: number, storage = browserStorage()): Progress[string] | null {
  const found = recallAll(storage)[id];
  return found === undefined || found.done.length !== steps || found.at >= steps ? null : found;
}

/** A full or denied storage costs the memory, nothing more. */
export function rememberProgress({ lesson, at, done, answers }: LessonState, storage = browserStorage()): void {
  try {
    const all = { ...recallAll(storage), [lesson.id]: { at, done: [...done], answers: { ...answers } } };
    storage?.setItem(key, JSON.stringify(all));
  } catch {
    return;
  }
}

/** Reading the property throws where storage is denied. */
function browserStorage(): Pick<Storage, 'getItem' | 'setItem'> | undefined {
  try {
    return globalThis.localStorage;
  } catch {
    return undefined;
  }
}
