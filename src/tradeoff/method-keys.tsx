/** The chart's key: one mark per method; pressing one hides or shows its points. */
import { MethodMark } from '../ui/method-mark';
import { methodStyle } from '../ui/method-style';
import { PublishedMark } from './published-marks';
import styles from './tradeoff.module.css';

interface MethodKeysProps {
  readonly methods: readonly string[];
  /** Papers report results of the open network. */
  readonly hasPublished: boolean;
  readonly hidden: readonly string[];
  readonly onToggle: (method: string) => void;
}

/** From this many the row is spread over the width. */
const MANY = 7;

/** The key of cited results, among the hidden ones. */
export const PUBLISHED = 'published';

export function MethodKeys({ methods, hasPublished, hidden, onToggle }: MethodKeysProps) {
  return (
    <div
      className={styles.keys}
      data-many={methods.length >= MANY ? '' : undefined}
      role="group"
      aria-label="Methods on the chart"
    >
      {methods.map((method) => (
        <button key={method} type="button" aria-pressed={!hidden.includes(method)} onClick={() => onToggle(method)}>
          <MethodMark method={method} />
          {methodStyle(method).short}
        </button>
      ))}
      {hasPublished ? (
        <button
          type="button"
          aria-pressed={!hidden.includes(PUBLISHED)}
          title="Results that papers report of this network; not measured here"
          onClick={() => onToggle(PUBLISHED)}
        >
          <PublishedMark />
          published
        </button>
      ) : null}
    </div>
  );
}
