/** What a person decides about one layer's rank: its energy, the same energy everywhere, or nothing at all. */
import { Button as StepButton, Group, Input, NumberField } from 'react-aria-components';
import type { LayerId } from '../../workers/network/graph';
import { ranksForEnergy } from '../../workers/network/rank-plan';
import { actions, useStudio } from '../studio/store';
import { Button } from '../ui/button';
import { Protect } from './layer-controls';
import { rankTowards, type RankView } from './rank-view';
import styles from './inspector.module.css';

/** Energies are read and stepped in tenths of a percent. */
const STEP = 0.001;

export function RankControls({ layer, view }: { readonly layer: LayerId; readonly view: RankView }) {
  const spectra = useStudio(({ scoring }) => scoring.spectra);
  const byHand = useStudio(({ ranks }) => Object.keys(ranks).length);
  const isSet = useStudio(({ ranks }) => ranks[layer] !== undefined);
  const kept = view.energy[view.rank] ?? 1;
  const energy = Math.round(kept / STEP) * STEP;
  return (
    <div className={styles.controls}>
      <NumberField
        className={styles.keep ?? ''}
        aria-label="Energy kept"
        value={energy}
        minValue={STEP}
        maxValue={1}
        step={STEP}
        formatOptions={{ style: 'percent', maximumFractionDigits: 1, minimumFractionDigits: 1 }}
        onChange={(asked) => {
          if (Number.isFinite(asked) && Math.abs(asked - energy) > STEP / 2) {
            actions.releaseRank(layer, rankTowards(view, energy, asked));
          }
        }}
      >
        <span aria-hidden="true">Energy</span>
        <Group className={`${styles.stepper} ${styles.energy}`}>
          <StepButton slot="decrement">−</StepButton>
          <Input />
          <StepButton slot="increment">+</StepButton>
        </Group>
      </NumberField>
      <Button
        className={styles.low}
        disabled={spectra === null}
        onClick={() => {
          if (spectra !== null) actions.keepRanks(ranksForEnergy(spectra, kept - 1e-9));
        }}
      >
        Use for all layers
      </Button>
      <Protect layer={layer} />
      {isSet ? (
        <Button kind="word" title="Let the budget decide again" onClick={() => actions.keepRanks({})}>
          {byHand > 1 ? 'All follow budget' : 'Follow budget'}
        </Button>
      ) : null}
    </div>
  );
}
