/** A failure where it happened: a wedge, one sentence, one action. */
import { Button } from './button';
import styles from './failure.module.css';

interface FailureProps {
  readonly message: string;
  readonly action?: { readonly label: string; readonly run: () => void } | null;
}

export function Failure({ message, action = null }: FailureProps) {
  return (
    <p className={styles.failure} role="alert">
      <Wedge />
      <span>{message}</span>
      {action === null ? null : (
        <Button kind="word" onClick={action.run}>
          {action.label}
        </Button>
      )}
    </p>
  );
}

/** The sign of an error: shape as well as colour. */
export function Wedge() {
  return (
    <svg className={styles.wedge} width="11" height="11" viewBox="0 0 11 11" aria-hidden="true">
      <path d="M1 1v9h9z" />
    </svg>
  );
}
