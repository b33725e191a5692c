/** The importance ramp with its two ends, and what hollow means. */
import styles from './ramp-key.module.css';

const stops = 9;

interface RampKeyProps {
  readonly low: string;
  readonly high: string;
  readonly hollow: string;
}

export function RampKey({ low, high, hollow }: RampKeyProps) {
  return (
    <span className={styles.key}>
      {low}
      <span className={styles.stops} aria-hidden="true">
        {Array.from({ length: stops }, (_, stop) => (
          <i key={stop} style={{ background: `var(--ramp-${stop})` }} />
        ))}
      </span>
      {high}
      <i className={styles.hollow} aria-hidden="true" />
      {hollow}
    </span>
  );
}
