/** What a person decides about one layer: how many filters stay, whether it is protected, and what that costs. */
import { useMemo, useState } from 'react';
import { Button as StepButton, Checkbox, Group, Input, NumberField } from 'react-aria-components';
import type { LayerId } from '../../workers/network/graph';
import type { StudioState } from '../studio/state';
import { actions, studio, studioClient, useStudio } from '../studio/store';
import { keptBy } from '../tree/kept';
import { Button } from '../ui/button';
import computing from '../ui/computing.module.css';
import { Failure } from '../ui/failure';
import { formatCount, formatMilliseconds } from '../ui/format';
import type { Inspected } from './inspected';
import styles from './inspector.module.css';

export function LayerControls({ inspected }: { readonly inspected: Inspected }) {
  const { row } = inspected;
  return (
    <div className={styles.controls}>
      {row.locked === null ? (
        <>
          <Keep inspected={inspected} />
          <Protect layer={row.layer} />
        </>
      ) : (
        <span className={styles.locked} title={row.locked}>
          Cannot be cut: {row.locked}
        </span>
      )}
      <span className={styles.cost}>
        <LayerTime inspected={inspected} />
        <LayerMacs inspected={inspected} />
      </span>
    </div>
  );
}

function Keep({ inspected }: { readonly inspected: Inspected }) {
  const { layer, filters } = inspected.row;
  const removed = useStudio(({ plan }) => plan?.removed[layer]?.length ?? 0);
  const isSet = useStudio(({ rules }) => rules.keep[layer] !== undefined);
  const canPlan = useStudio(({ plan }) => plan !== null);
  return (
    <>
      <NumberField
        className={styles.keep ?? ''}
        aria-label="Filters kept"
        value={filters - removed}
        minValue={1}
        maxValue={filters}
        isDisabled={!canPlan}
        onChange={(count) => {
          if (Number.isFinite(count)) actions.keepFilters(layer, count);
        }}
      >
        <span aria-hidden="true">Keep</span>
        <Group className={styles.stepper ?? ''}>
          <StepButton slot="decrement">−</StepButton>
          <Input />
          <span>of {filters}</span>
          <StepButton slot="increment">+</StepButton>
        </Group>
      </NumberField>
      {isSet ? (
        <Button kind="word" title="Let the budget decide again" onClick={() => actions.keepFilters(layer, null)}>
          Follow budget
        </Button>
      ) : null}
    </>
  );
}

export function Protect({ layer }: { readonly layer: LayerId }) {
  const isProtected = useStudio(({ rules }) => rules.protect.includes(layer));
  return (
    <Checkbox
      className={styles.protect ?? ''}
      isSelected={isProtected}
      onChange={(protect) => actions.protectLayer(layer, protect)}
    >
      <i aria-hidden="true" />
      <span>
        Protect<span className={styles.wide}> this layer</span>
      </span>
    </Checkbox>
  );
}

/** Cost of the layer before and after: its own filters and the inputs lost above. */
function LayerMacs({ inspected }: { readonly inspected: Inspected }) {
  const { model, index, row } = inspected;
  const macs = useStudio(({ plan }) =>
    plan === null ? row.macs : Math.round(keptBy(model, plan).rows[index]?.macs ?? row.macs),
  );
  return (
    <span title="Multiply-adds of this layer, before and after the cut">
      {formatCount(row.macs)} → <b>{formatCount(macs)}</b>
    </span>
  );
}

/** Batch the layer is timed with: what the fine-tune trains with. */
const timedBatch = ({ fineTune }: StudioState) => fineTune.batchSize;

interface Timing {
  /** What was cut when the clock ran. */
  readonly plan: StudioState['plan'];
  readonly originalMs: number;
  readonly cutMs: number;
}

function LayerTime({ inspected }: { readonly inspected: Inspected }) {
  const plan = useStudio((state) => state.plan);
  const [timing, setTiming] = useState<Timing | null>(null);
  const [isMeasuring, setIsMeasuring] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const key = useMemo(() => JSON.stringify(plan?.removed ?? {}), [plan]);
  const isStale = useMemo(() => timing !== null && JSON.stringify(timing.plan?.removed ?? {}) !== key, [timing, key]);

  async function measure(): Promise<void> {
    const { plan: present } = studio.getState();
    setIsMeasuring(true);
    setError(null);
    try {
      const { originalMs, cutMs } = await studioClient().call('measureLayer', {
        network: inspected.network,
        layer: inspected.row.layer,
        removed: present?.removed ?? {},
        batch: timedBatch(studio.getState()),
      });
      setTiming({ plan: present, originalMs, cutMs });
    } catch (thrown) {
      setError(thrown instanceof Error ? thrown.message : String(thrown));
    } finally {
      setIsMeasuring(false);
    }
  }

  if (error !== null) return <Failure message={error} action={{ label: 'Measure again', run: () => void measure() }} />;
  return (
    <span className={isMeasuring ? `${styles.time} ${computing.line}` : styles.time} data-old={isStale || isMeasuring}>
      {timing === null ? null : (
        <span title="Median forward time of this layer for one batch, before and after the cut">
          {formatMilliseconds(timing.originalMs)} → <b>{formatMilliseconds(timing.cutMs)}</b>
        </span>
      )}
      {timing !== null && !isStale ? null : (
        <Button kind="word" disabled={isMeasuring} onClick={() => void measure()}>
          {isMeasuring ? 'Measuring' : timing === null ? 'Measure time' : 'Measure again'}
        </Button>
      )}
    </span>
  );
}
