/** What lengths mean: the axis under the rows. */
import { niceStep, ticksBetween } from '../ui/axis';
import { NBSP } from '../ui/format';
import type { TreeLayout } from './layout';
import styles from './tree.module.css';

const pixelsPerTick = 95;
/** Room the axis' name takes at the right end. */
const nameWidth = 140;

export function TreeAxis({ layout }: { readonly layout: TreeLayout }) {
  const { columns, longest, scale, width, rowLength } = layout;
  const span = columns.right - columns.left;
  const step = Math.max(rowLength === 'filters' ? 1 : 0, niceStep((longest * pixelsPerTick) / span));
  return (
    <svg className={styles.axis} width={width} height={20} aria-hidden="true">
      <line x1={columns.left} x2={columns.right} y1={0.5} y2={0.5} />
      {ticksBetween(0, longest, step).map((tick) => (
        <g key={tick} transform={`translate(${columns.left + tick * scale} 0)`}>
          <line y1={0.5} y2={4} />
          {columns.left + tick * scale > width - nameWidth ? null : (
            <text y={15} textAnchor={tick === 0 ? 'start' : 'middle'}>
              {tickText(tick, step)}
            </text>
          )}
        </g>
      ))}
      <text x={width} y={15} textAnchor="end">
        {rowLength} per layer
      </text>
    </svg>
  );
}

/** All ticks in one unit and with the same decimals: "0.5 M", "1.0 M". */
function tickText(tick: number, step: number): string {
  if (tick === 0) return '0';
  const [divisor, unit] = step >= 1e5 ? [1e6, 'M'] : step >= 500 ? [1e3, 'k'] : [1, ''];
  const decimals = step / divisor >= 1 ? 0 : step / divisor >= 0.1 ? 1 : 2;
  return `${(tick / divisor).toFixed(decimals)}${unit === '' ? '' : NBSP}${unit}`;
}
