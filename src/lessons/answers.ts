/** A student's answers as a file to hand in: the questions as they were asked, and what was answered. */
import type { LessonState } from '../studio/state';

export function answersFile({ lesson, done, answers }: LessonState, now: Date): File {
  const sheet = {
    kind: 'espalier-answers',
    version: 1,
    lesson: { id: lesson.id, title: lesson.title },
    saved: now.toISOString(),
    stepsDone: `${done.filter(Boolean).length} of ${lesson.steps.length}`,
    answers: lesson.steps.flatMap(({ title, question }) =>
      question === undefined
        ? []
        : [{ step: title, question: question.ask, answer: answers[question.id] ?? null, id: question.id }],
    ),
  };
  return new File([`${JSON.stringify(sheet, undefined, 2)}\n`], `answers-${lesson.id}.json`, {
    type: 'application/json',
  });
}
