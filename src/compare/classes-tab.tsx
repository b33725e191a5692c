/** Accuracy, or intersection over union, by class: of the reference, and how the others differ from it; the class that loses most comes first. */
import { useMemo } from 'react';
import { useStudio } from '../studio/store';
import { formatAccuracy, formatChange, formatInteger } from '../ui/format';
import { ComparedTable } from './compared-table';
import type { Contestant } from './contestants';
import { byClass, overlapByClass } from './flips';
import type { Measured } from './use-comparison';
import styles from './compare.module.css';

interface ClassesTabProps {
  readonly contestants: readonly Contestant[];
  readonly measured: Measured | null;
  readonly reference: Contestant;
}

export function ClassesTab({ contestants, measured, reference }: ClassesTabProps) {
  const classes = useStudio((state) => state.dataset?.classes ?? null);
  const shown = useMemo(() => contestants.filter(({ key }) => measured?.at.has(key) === true), [contestants, measured]);
  const lines = useMemo(() => {
    if (measured === null || classes === null) return [];
    const base = measured.at.get(reference.key) ?? 0;
    const places = shown.map(({ key }) => measured.at.get(key) ?? 0);
    const change = (accuracy: readonly number[], at: number): number => (accuracy[at] ?? 0) - (accuracy[base] ?? 0);
    const worst = (accuracy: readonly number[]): number => Math.min(...places.map((at) => change(accuracy, at)));
    const { answers } = measured;
    const figures = answers.task === 'segmentation' ? overlapByClass(answers) : byClass(answers, classes.length);
    return figures
      .toSorted((a, b) => worst(a.accuracy) - worst(b.accuracy) || a.label - b.label)
      .map(({ label, count, accuracy }) => {
        const name = `${classes[label] ?? label}, ${formatInteger(count)} ${answers.task === 'segmentation' ? 'pixels' : 'images'}`;
        return {
          name,
          values: places.map((at) =>
            at === base ? formatAccuracy(accuracy[at] ?? 0) : formatChange(change(accuracy, at)),
          ),
          differs: places.some((at) => Math.abs(change(accuracy, at)) >= 0.0005),
          exact: { name, values: places.map((at) => accuracy[at] ?? '') },
        };
      });
  }, [measured, classes, shown, reference]);
  if (lines.length === 0) {
    return (
      <p className={styles.note}>Two networks that are open or stored, and data, show here what each class pays.</p>
    );
  }
  const figure = measured?.answers.task === 'segmentation' ? 'Intersection over union' : 'Accuracy';
  return (
    <ComparedTable
      label={`${figure} by class`}
      contestants={shown}
      sections={[
        {
          title: `${figure} by class; change in points against ${reference.title}`,
          exactTitle: `${figure} by class, share of 1`,
          lines,
        },
      ]}
    />
  );
}
