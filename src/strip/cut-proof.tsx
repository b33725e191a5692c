/** How the network that was cut compares with the masked one it came from: said while a run goes on, and after it. */
import { formatScientific } from '../ui/format';
import styles from './strip.module.css';

/** A change of a logit that no rounding explains: filters were merged before they had become one. */
const ROUNDING = 1e-3;

/** `difference`: largest absolute difference of a logit; null until something was cut. */
export function CutProof({ difference }: { readonly difference: number | null }) {
  if (difference === null) return null;
  const size = difference === 0 ? 'exact' : `±${formatScientific(difference)}`;
  return (
    <span className={styles.proof} title="Largest difference of a logit between the networks before and after the cut">
      {difference > ROUNDING ? `the cut changed logits, ${size}` : `cut proven, ${size}`}
    </span>
  );
}
