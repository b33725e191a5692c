/** Notices: what happened elsewhere than where a person looks, one sentence and one action each. */
import { useEffect, useRef } from 'react';
import type { Notice } from '../studio/state';
import { actions, useStudio } from '../studio/store';
import { Button } from './button';
import { Wedge } from './failure';
import styles from './notices.module.css';

/** A note goes by itself, an error stays until someone has dealt with it. */
const NOTE_MS = 12_000;

/** Stacked at the lower right of the page, newest last; errors are announced at once, notes when there is time. */
export function Notices() {
  const notices = useStudio((state) => state.notices);
  if (notices.length === 0) return null;
  return (
    <section aria-label="Notices">
      <ol className={styles.notices}>
        {notices.map((notice) => (
          <Line key={notice.id} notice={notice} />
        ))}
      </ol>
    </section>
  );
}

function Line({ notice }: { readonly notice: Notice }) {
  const { id, tone, message, action } = notice;
  const line = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (tone !== 'note') return undefined;
    const timer = setInterval(() => {
      // Whoever points at it or stands on its button is still reading.
      if (line.current?.matches(':hover, :focus-within') !== true) actions.dismiss(id);
    }, NOTE_MS);
    return () => clearInterval(timer);
  }, [id, tone]);
  return (
    <li ref={line} className={styles.notice} data-tone={tone}>
      {tone === 'error' ? <Wedge /> : null}
      <span role={tone === 'error' ? 'alert' : 'status'}>{message}</span>
      {action === null ? null : (
        <Button
          kind="word"
          onClick={() => {
            actions.dismiss(id);
            action.run();
          }}
        >
          {action.label}
        </Button>
      )}
      <Button
        kind="word"
        className={styles.close}
        aria-label={`Dismiss: ${message}`}
        onClick={() => actions.dismiss(id)}
      >
        Dismiss
      </Button>
    </li>
  );
}
