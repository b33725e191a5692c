/** How the network that was cut compares with the masked one it came from: said while a run goes on, and after it. */
import { formatScientific } from '../ui/format';
import styles from './strip.module.css';

/** `difference`: largest absolute difference of a logit; null until something was cut. */
export function CutProof({ difference }: { readonly difference: number | null }) {
  if (difference === null) return null;
  return (
    <span className={styles.proof} title="Largest difference of a logit between the masked and the cut network">
      cut proven, {difference === 0 ? 'exact' : `±${formatScientific(difference)}`}
    </span>
  );
}
