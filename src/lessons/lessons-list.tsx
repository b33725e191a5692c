/** All lessons in one list, and the way in for a teacher's own. */
import { useEffect, useState } from 'react';
import { errorData } from '../../workers/rpc';
import { report } from '../studio/context';
import { actions, studio, studioClient, useStudio } from '../studio/store';
import { Button } from '../ui/button';
import { Failure } from '../ui/failure';
import { pickFiles } from '../ui/file-picker';
import { Lightbox } from '../ui/popup';
import type { Lesson } from './lesson-file';
import { fetchLesson, shippedLessons } from './shipped';
import styles from './rail.module.css';

export function LessonsLink({ className }: { readonly className: string | undefined }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" className={className} onClick={() => setOpen(true)}>
        Lessons
      </button>
      <Lightbox title="Lessons" open={open} onOpenChange={setOpen}>
        <LessonsList onChosen={() => setOpen(false)} />
      </Lightbox>
    </>
  );
}

function LessonsList({ onChosen }: { readonly onChosen: () => void }) {
  const [lessons, setLessons] = useState<readonly Lesson[] | null>(null);
  const [error, setError] = useState<string | null>(null);
  const begun = useStudio((state) => state.lesson?.lesson.id ?? null);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    Promise.all(shippedLessons.map(fetchLesson))
      .then((loaded) => {
        setLessons(loaded);
        setError(null);
      })
      .catch((thrown: unknown) => setError(`${errorData(thrown).message}${attempt === 0 ? '' : ' Again.'}`));
  }, [attempt]);
  if (error !== null)
    return <Failure message={error} action={{ label: 'Try again', run: () => setAttempt(attempt + 1) }} />;
  return (
    <>
      <ol className={styles.list}>
        {(lessons ?? []).map((lesson, at) => (
          <li key={lesson.id}>
            <button
              type="button"
              onClick={() => {
                onChosen();
                void actions.openLesson(lesson);
              }}
            >
              <span>{at + 1}</span>
              <b>{lesson.title}</b>
              <span>{begun === lesson.id ? 'open' : `${lesson.minutes} min`}</span>
              <small>{lesson.summary}</small>
            </button>
          </li>
        ))}
      </ol>
      <p>
        No time to train?{' '}
        <Button
          kind="word"
          onClick={() => {
            onChosen();
            actions
              .playTrace('dagger')
              .catch((thrown: unknown) => report({ store: studio, client: studioClient }, thrown));
          }}
        >
          Replay a recorded run of Dagger
        </Button>
      </p>
      <p>
        A lesson is a file you can copy and change.{' '}
        <Button
          kind="word"
          onClick={() => {
            onChosen();
            void pickFiles({ accept: '.json' }).then((files) => actions.openFiles(files));
          }}
        >
          Open a lesson from a file
        </Button>
      </p>
    </>
  );
}
