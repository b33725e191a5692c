/** Figures: measured here on the same images, then as each run recorded them. */
import { useMemo } from 'react';
import { formatInteger } from '../ui/format';
import { compareMeasured, compareRecords } from './comparison';
import { ComparedTable } from './compared-table';
import type { Contestant } from './contestants';
import { TIMED_BATCH, type Measured } from './use-comparison';
import styles from './compare.module.css';

interface ResultsTabProps {
  readonly contestants: readonly Contestant[];
  readonly measured: Measured | null;
  readonly reference: string;
}

export function ResultsTab({ contestants, measured, reference }: ResultsTabProps) {
  const records = useMemo(() => compareRecords(contestants), [contestants]);
  const here = useMemo(
    () => (measured === null ? [] : compareMeasured(contestants, measured, reference)),
    [contestants, measured, reference],
  );
  const images = measured === null ? '' : `${formatInteger(measured.answers.images)} ${measured.answers.split} images`;
  return (
    <>
      <ComparedTable
        label="Results of the compared networks"
        contestants={contestants}
        sections={[
          { title: `Measured now on the same ${images}`, lines: here },
          { title: 'Recorded', lines: records },
        ]}
      />
      {measured === null ? null : (
        <p className={styles.note}>
          {measured.answers.task === 'segmentation'
            ? 'Interval: 95 %, of 1,000 bootstrap samples of the images (Efron 1979), the same for all networks; pixels of one image hang together. p: sign test over images, by their pixels told right.'
            : 'Interval: 95 %, of two paired proportions (Agresti and Min 2005). p: exact McNemar test.'}{' '}
          An interval that holds 0 is called not distinguishable. Forward pass: median of a batch of {TIMED_BATCH}, the
          networks taking turns.
        </p>
      )}
    </>
  );
}
