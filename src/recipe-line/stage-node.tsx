/** The knot of a stage: a tick when done, a green ring that fills while it runs, hollow when still to do. */
import type { StageState } from './stages';
import styles from './recipe-line.module.css';

const circumference = 2 * Math.PI * 7.5;

interface StageNodeProps {
  readonly state: StageState;
  readonly progress: number | null;
}

export function StageNode({ state, progress }: StageNodeProps) {
  return (
    <svg className={styles.node} width="18" height="18" data-state={state} aria-hidden="true">
      {state === 'done' ? (
        <>
          <circle className={styles.disc} cx="9" cy="9" r="7.5" />
          <path className={styles.tick} d="M5.500 9.300l2.400 2.400 4.600-5" />
        </>
      ) : (
        <circle className={styles.ring} cx="9" cy="9" r="7.5" data-filling={progress !== null} />
      )}
      {state === 'now' ? <circle className={styles.core} cx="9" cy="9" r="3" /> : null}
      {state === 'now' && progress !== null ? (
        <circle
          className={styles.fill}
          cx="9"
          cy="9"
          r="7.5"
          transform="rotate(-90 9 9)"
          strokeDasharray={`${circumference * progress} ${circumference}`}
        />
      ) : null}
    </svg>
  );
}
