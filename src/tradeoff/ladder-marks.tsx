/** The recovery ladder on the chart: three measured curves under the one that fine-tuning makes. */
import type { LadderPoint } from '../studio/state';
import { useStudio } from '../studio/store';
import type { ChartFrame } from './frame';
import { xOf, yOf } from './scales';
import styles from './tradeoff.module.css';

const RUNGS = [
  { of: 'reconstructed', dash: undefined },
  { of: 'recalibrated', dash: '6 3' },
  { of: 'cut', dash: '1.5 3' },
] as const;

const TITLES = { reconstructed: 'reconstructed', recalibrated: 'recalibrated', cut: 'right after the cut' } as const;

export function LadderMarks({ frame }: { readonly frame: ChartFrame }) {
  const points = useStudio(({ ladder }) => ladder.points);
  if (points.length === 0) return null;
  const { area, cost, accuracy, original } = frame;
  const placed = (rung: (typeof RUNGS)[number]['of']) =>
    [
      ...points.map((point) => ({ x: point.share * 100, y: heightOf(point, rung) })),
      ...(original === null ? [] : [original]),
    ].map(({ x, y }) => ({ x: xOf(x, cost, area), y: yOf(y, accuracy, area) }));
  return (
    <g className={styles.ladder} aria-hidden="true">
      <clipPath id="ladder-area">
        <rect x={area.left} y={area.top} width={area.right - area.left} height={area.bottom - area.top} />
      </clipPath>
      <g clipPath="url(#ladder-area)">
        {RUNGS.map(({ of, dash }) => {
          const places = placed(of);
          return (
            <g key={of} data-rung={of}>
              <polyline points={places.map(({ x, y }) => `${x},${y}`).join(' ')} strokeDasharray={dash} />
              <path
                d={places
                  .slice(0, points.length)
                  .map(({ x, y }) => `M${x} ${y}h0`)
                  .join('')}
              />
            </g>
          );
        })}
      </g>
      {RUNGS.map(({ of }) => {
        const first = placed(of).find(({ y, x }) => y <= area.bottom && x >= area.left);
        return first === undefined ? null : (
          <text key={of} x={first.x + 5} y={Math.min(area.bottom - 4, first.y + 13)}>
            {TITLES[of]}
          </text>
        );
      })}
    </g>
  );
}

/** In %. */
function heightOf(point: LadderPoint, rung: (typeof RUNGS)[number]['of']): number {
  return 100 * (rung === 'cut' ? point.accuracy : point[rung]);
}
