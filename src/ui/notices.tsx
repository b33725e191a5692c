/** Notices: what happened elsewhere than where a person looks, one sentence and one action each. */
import { actions, useStudio } from '../studio/store';
import { Button } from './button';
import { Wedge } from './failure';
import styles from './notices.module.css';

/** Stacked at the lower right of the page, newest last; errors are announced at once, notes when there is time. */
export function Notices() {
  const notices = useStudio((state) => state.notices);
  if (notices.length === 0) return null;
  return (
    <ol className={styles.notices} aria-label="Notices">
      {notices.map(({ id, tone, message, action }) => (
        <li key={id} className={styles.notice} data-tone={tone} role={tone === 'error' ? 'alert' : 'status'}>
          {tone === 'error' ? <Wedge /> : null}
          <span>{message}</span>
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
      ))}
    </ol>
  );
}
