/** A quiet offer in the strip for who is new here: a tour, a first lesson, or never again. Nothing is covered or blocked. */
import { useState } from 'react';
import { errorData } from '../../workers/rpc';
import { fetchLesson } from '../lessons/shipped';
import { notify } from '../studio/context';
import { actions, studio, studioClient, useStudio } from '../studio/store';
import { Button } from '../ui/button';
import { dismiss, isDismissed } from './memory';
import { Tour } from './tour';
import styles from './welcome.module.css';

export function Welcome() {
  const [isOffered, setIsOffered] = useState(() => !isDismissed());
  const [isTouring, setIsTouring] = useState(false);
  const isLesson = useStudio(({ lesson }) => lesson !== null);
  // Who has carried out a cut is not new here, and the strip has other things to say.
  const isAtHome = useStudio(({ runs }) => runs.some(({ origin }) => origin === 'here'));
  if (!isOffered || isLesson || isAtHome) return null;
  const never = (): void => {
    dismiss();
    setIsOffered(false);
  };
  const firstLesson = (): void => {
    fetchLesson('where-compute-goes')
      .then((lesson) => actions.openLesson(lesson))
      .catch((thrown: unknown) => notify({ store: studio, client: studioClient }, errorData(thrown).message));
  };
  return (
    <aside className={styles.welcome} aria-label="Welcome">
      <span className={styles.what}>
        New here? This is a trained network. You can make it smaller and see what that costs.
      </span>
      <Button kind="word" onClick={() => setIsTouring(true)}>
        Show me around
      </Button>
      <Button kind="word" onClick={firstLesson}>
        Begin a lesson
      </Button>
      <Button kind="word" onClick={never}>
        Not again
      </Button>
      {isTouring ? <Tour onEnd={() => setIsTouring(false)} onNever={never} /> : null}
    </aside>
  );
}
