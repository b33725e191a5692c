/** A chosen pixel in words and numbers: what each look says of it, how sure it is, and how far its gates are open. */
import type { ImageEvidence, ImageLooks } from '../../workers/protocol';
import type { LooksState } from '../studio/state';
import { actions } from '../studio/store';
import { Button } from '../ui/button';
import { formatPercent } from '../ui/format';
import { numbered } from './numbered';
import styles from './looks.module.css';

interface PixelEvidenceProps {
  readonly seen: ImageLooks;
  readonly looks: LooksState;
  readonly classes: readonly string[];
}

export function PixelEvidence({ seen, looks: { pixel, evidence }, classes }: PixelEvidenceProps) {
  if (pixel === null) return null;
  const label = seen.truth?.[pixel.row * seen.size[1] + pixel.column];
  const truth = label === undefined || label === 255 ? null : (classes[label] ?? `class ${label}`);
  return (
    <div className={styles.evidence}>
      <p>
        <b>
          Pixel {pixel.row}, {pixel.column}
        </b>
        {truth === null ? '' : ` is ${truth}. `}
        {evidence === null ? ' Hiding one patch after the other …' : null}
        <Button kind="word" onClick={() => void actions.pickPixel(null)}>
          Let go
        </Button>
      </p>
      {evidence === null ? null : (
        <ol>
          {numbered(evidence.passes).map(({ look, of: pass }) => (
            <li key={look}>
              <span>look {look}</span> <b>{classes[pass.answer] ?? `class ${pass.answer}`}</b>{' '}
              {formatPercent(pass.probabilities[pass.answer] ?? 0)}
              <small>{gatesText(pass)}</small>
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}

/** "gates 0.92, 1.10, 1.31": mean over channels at the pixel, stage by stage. */
function gatesText({ gates }: ImageEvidence['passes'][number]): string {
  if (gates.length === 0) return 'no gates';
  const means = gates.map(({ values }) => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length));
  return `gates ${means.map((value) => value.toFixed(2)).join(', ')}`;
}
