/** The lessons that ship with the studio: files beside the page, in teaching order. */
import { parseJson } from '../sharing/versions';
import { parseLesson, type Lesson } from './lesson-file';

export const shippedLessons = [
  'where-compute-goes',
  'which-filters-matter',
  'what-a-cut-costs',
  'tied-filters',
  'a-budget-not-a-ratio',
  'copies-that-merge',
  'rank',
  'looking-again',
] as const;

export type LessonId = (typeof shippedLessons)[number];

/** "Lesson 2"; null for lessons from files. */
export function lessonNumber(id: string): number | null {
  const at = shippedLessons.findIndex((shipped) => shipped === id);
  return at < 0 ? null : at + 1;
}

/** Throws `DocumentError` when the file is wrong, and an `Error` when it is not served. */
export async function fetchLesson(id: LessonId): Promise<Lesson> {
  const path = `lessons/${id}.json`;
  const response = await fetch(new URL(path, document.baseURI));
  if (!response.ok) throw new Error(`${path} could not be loaded (${response.status}): reload the page.`);
  return parseLesson(parseJson(await response.text(), path), path);
}

/** The lesson an address asks for: `#lesson=tied-filters`. */
export function lessonOf(fragment: string): LessonId | null {
  return shippedLessons.find((id) => fragment === `#lesson=${id}`) ?? null;
}
