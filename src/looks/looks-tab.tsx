/** What every look comes to over all validation images: accuracy against distance to the cue, and class by class. */
import { useCallback } from 'react';
import type { PassFigures } from '../../workers/protocol';
import { useStudio } from '../studio/store';
import { Drawing, type Surface } from '../ui/drawing';
import { formatAccuracy, formatInteger, formatPercent } from '../ui/format';
import { paintDistances } from './distance-plot';
import { numbered } from './numbered';
import { shownLook } from './maps-tab';
import styles from './looks.module.css';

export function LooksTab() {
  const measured = useStudio(({ looks }) => looks.measured);
  const classes = useStudio(({ dataset }) => dataset?.classes);
  const images = useStudio(({ dataset }) => dataset?.counts.validation ?? 0);
  const shape = useStudio(({ dataset }) => dataset?.shape);
  if (measured === null) return <p className={styles.missing}>Measuring every look on the validation images …</p>;
  const hasDistances = measured.some(({ byDistance }) => byDistance.count.length > 0);
  return (
    <div className={styles.tab}>
      {hasDistances ? <Distances passes={measured} /> : null}
      <p className={styles.tableTitle}>
        {measured[0]?.mIoU === null ? 'Right answers' : 'Intersection over union'} by class and look, on{' '}
        {formatInteger(images)} validation images
        {shape === undefined ? '' : leftOut(measured[0], images * shape[0] * shape[1])}
      </p>
      <div className={styles.scroll}>
        <ClassTable passes={measured} classes={classes ?? []} />
      </div>
    </div>
  );
}

/** "; 1,204 pixels (2.1 %) have no class and are left out". */
function leftOut(first: PassFigures | undefined, pixels: number): string {
  if (first === undefined || first.mIoU === null) return '';
  const without = pixels - first.perClass.reduce((sum, { count }) => sum + count, 0);
  return without <= 0
    ? ''
    : `; ${formatInteger(without)} pixels (${formatPercent(without / pixels, 1)}) have no class and are left out`;
}

function Distances({ passes }: { readonly passes: readonly PassFigures[] }) {
  const look = useStudio(shownLook);
  const draw = useCallback((surface: Surface) => paintDistances(surface, passes, look), [passes, look]);
  return (
    <>
      <p className={styles.tableTitle}>accuracy of object pixels by their distance to the cue, one curve per look</p>
      <div className={styles.distances}>
        <Drawing label={bandSentence(passes)} draw={draw} />
      </div>
    </>
  );
}

/** "far: 29 % at look 1, 80 % at look 2". */
function bandSentence(passes: readonly PassFigures[]): string {
  const bands = passes[0]?.bands ?? [];
  return bands
    .map(({ name }, band) => {
      const shares = numbered(passes).map(({ look, of }) => {
        const { correct = 0, count = 0 } = of.bands[band] ?? {};
        return `${formatAccuracy(count === 0 ? 0 : correct / count)} at look ${look}`;
      });
      return `${name}: ${shares.join(', ')}`;
    })
    .join('; ');
}

function ClassTable({
  passes,
  classes,
}: {
  readonly passes: readonly PassFigures[];
  readonly classes: readonly string[];
}) {
  const look = useStudio(shownLook);
  const looks = numbered(passes);
  return (
    <table className={styles.table} aria-label="Classes by look">
      <thead>
        <tr>
          <th scope="col" data-exact="class, share of 1">
            class
          </th>
          {looks.map(({ look: at }) => (
            <th key={at} scope="col" data-selected={look === at ? true : undefined}>
              look {at}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {classes.map((name, index) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            {looks.map(({ look: at, of }) => (
              <td key={at} data-selected={look === at ? true : undefined} data-exact={classShare(of, index) ?? ''}>
                {figureOf(classShare(of, index))}
              </td>
            ))}
          </tr>
        ))}
        <tr className={styles.total}>
          <th scope="row">{passes[0]?.mIoU === null ? 'all' : 'mean (mIoU)'}</th>
          {looks.map(({ look: at, of }) => (
            <td key={at} data-selected={look === at ? true : undefined} data-exact={of.mIoU ?? of.accuracy}>
              {formatAccuracy(of.mIoU ?? of.accuracy)}
            </td>
          ))}
        </tr>
      </tbody>
    </table>
  );
}

/** Intersection over union of pixels, or the share of images that were told right; null where there are none. */
function classShare({ perClass, mIoU }: PassFigures, index: number): number | null {
  const { correct = 0, count = 0, answered = 0 } = perClass[index] ?? {};
  const whole = mIoU === null ? count : count + answered - correct;
  return whole === 0 ? null : correct / whole;
}

function figureOf(share: number | null): string {
  return share === null ? '–' : formatAccuracy(share);
}
