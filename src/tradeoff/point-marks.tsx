/** Measured networks on the chart: hover previews the cut, click opens, Shift-click ticks; arrow keys walk by cost. */
import { useState, type KeyboardEvent, type MouseEvent } from 'react';
import { MarkGlyph } from '../ui/method-mark';
import { methodStyle, ORIGINAL_STYLE } from '../ui/method-style';
import { formatAccuracy, formatPercent } from '../ui/format';
import { MARK_RADIUS, pixelsOf, type ChartFrame } from './frame';
import type { TradePoint } from './points';
import styles from './tradeoff.module.css';

interface PointMarksProps {
  readonly frame: ChartFrame;
  /** Ids of ticked runs. */
  readonly ticked: readonly string[];
  readonly onShow: (point: TradePoint | null) => void;
  readonly onOpen: (point: TradePoint, compare: boolean) => void;
}

export function PointMarks({ frame, ticked, onShow, onOpen }: PointMarksProps) {
  const walk = [...frame.points, ...(frame.originalPoint === null ? [] : [frame.originalPoint])].sort(
    (a, b) => a.x - b.x,
  );
  const [current, setCurrent] = useState<string | null>(null);
  // One tab stop for all marks: the one last walked to, else the cheapest.
  const stop = walk.some(({ id }) => id === current) ? current : (walk[0]?.id ?? null);

  const onKey = (event: KeyboardEvent<SVGGElement>, point: TradePoint): void => {
    const at = walk.indexOf(point);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: walk.length - 1 }[event.key];
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      onOpen(point, event.shiftKey || event.key === ' ');
    } else if (to !== undefined) {
      event.preventDefault();
      const next = walk[to];
      if (next === undefined) return;
      setCurrent(next.id);
      const marks = event.currentTarget.parentElement?.querySelectorAll<SVGGElement>('[data-point]') ?? [];
      for (const mark of marks) if (mark.dataset.point === next.id) mark.focus();
    }
  };

  return (
    <g aria-label="Measured networks" role="group">
      {frame.originalPoint === null && frame.original !== null ? (
        <g className={styles.point} style={placed(pixelsOf(frame.original, frame))}>
          <MarkGlyph style={ORIGINAL_STYLE} radius={MARK_RADIUS} />
        </g>
      ) : null}
      {walk.toSorted(baselinesFirst).map((point) => {
        const place = pixelsOf(point, frame);
        // Every run starts from the original: it stands for none of them.
        const isTicked = point.method !== null && ticked.includes(point.run);
        return (
          <g
            key={point.id}
            data-point={point.id}
            className={styles.point}
            style={placed(place)}
            role="button"
            tabIndex={point.id === stop ? 0 : -1}
            aria-label={describe(point)}
            aria-pressed={isTicked}
            onPointerEnter={() => onShow(point)}
            onPointerLeave={() => onShow(null)}
            onFocus={() => onShow(point)}
            onBlur={() => onShow(null)}
            onClick={(event: MouseEvent) => onOpen(point, event.shiftKey)}
            onKeyDown={(event) => onKey(event, point)}
          >
            <circle className={styles.halo} r={MARK_RADIUS + 4} data-on={isTicked} />
            <MarkGlyph style={methodStyle(point.method)} radius={MARK_RADIUS} />
            {place.isBelow ? <path className={styles.foot} d="M-3.5 7l3.5 4.5l3.5 -4.5" /> : null}
          </g>
        );
      })}
      {[...frame.labels].map(([id, label]) => (
        <text key={id} className={styles.label} x={label.x} y={label.y} textAnchor={label.anchor} data-x={label.x}>
          {label.text}
        </text>
      ))}
    </g>
  );
}

/** "Taylor 60: 59.5 % of the compute, 95.8 % on 1,000 validation images". */
export function describe(point: TradePoint): string {
  const { candidate } = point;
  const measured = `${formatAccuracy(candidate.accuracy ?? 0, candidate.metric)} on ${candidate.images} ${candidate.split} images`;
  return `${point.label}: ${formatPercent(candidate.share, 1)} of the compute, ${measured}`;
}

function placed({ x, y }: { readonly x: number; readonly y: number }) {
  return { transform: `translate(${x}px, ${y}px)` };
}

/** Published methods are drawn over baselines, which are many. */
function baselinesFirst(a: TradePoint, b: TradePoint): number {
  const rank = ({ method }: TradePoint): number =>
    method !== null && methodStyle(method).hue === '--baseline' ? 0 : 1;
  return rank(a) - rank(b);
}
