/** Cited results: a small open mark in brackets, which no measured or estimated point has. */
import { MarkGlyph } from '../ui/method-mark';
import { methodStyle } from '../ui/method-style';
import { formatAccuracy, formatPercent } from '../ui/format';
import { pixelsOf, type ChartFrame } from './frame';
import type { PublishedPoint } from './published';
import styles from './tradeoff.module.css';

const RADIUS = 3.4;
const BRACKETS = 'M-5 -6h-2.5v12h2.5M5 -6h2.5v12h-2.5';

interface PublishedMarksProps {
  readonly frame: ChartFrame;
  readonly points: readonly PublishedPoint[];
  readonly onShow: (point: PublishedPoint | null) => void;
}

export function PublishedMarks({ frame, points, onShow }: PublishedMarksProps) {
  if (points.length === 0) return null;
  return (
    <g aria-label="Published results, not measured here" role="group">
      {points.map((point) => {
        const { x, y } = pixelsOf(point, frame);
        return (
          <g
            key={point.id}
            data-published={point.id}
            className={styles.point}
            style={{ transform: `translate(${x}px, ${y}px)` }}
            role="img"
            tabIndex={0}
            aria-label={describePublished(point)}
            onPointerEnter={() => onShow(point)}
            onPointerLeave={() => onShow(null)}
            onFocus={() => onShow(point)}
            onBlur={() => onShow(null)}
          >
            <circle className={styles.halo} r={RADIUS + 5} data-on={false} />
            <PublishedGlyph method={point.method} />
          </g>
        );
      })}
    </g>
  );
}

function PublishedGlyph({ method }: { readonly method: string }) {
  const style = methodStyle(method);
  return (
    <>
      <path d={BRACKETS} fill="none" stroke={`var(${style.hue})`} strokeWidth="1.2" />
      <g opacity="0.75">
        <MarkGlyph style={style} radius={RADIUS} />
      </g>
    </>
  );
}

/** In the row of keys: what brackets mean. */
export function PublishedMark() {
  return (
    <svg className={styles.publishedMark} width="18" height="14" viewBox="-9 -7 18 14" aria-hidden="true">
      <path d={BRACKETS} fill="none" stroke="var(--ink2)" strokeWidth="1.2" />
    </svg>
  );
}

/** What a pointed-at citation says. */
export function PublishedTip({ frame, point }: { readonly frame: ChartFrame; readonly point: PublishedPoint }) {
  const { x, y } = pixelsOf(point, frame);
  const toRight = x < (frame.area.left + frame.area.right) / 2;
  const across = toRight ? `${x + 12}px` : `calc(${x - 12}px - 100%)`;
  const down = y > (frame.area.top + frame.area.bottom) / 2 ? `calc(${y}px - 100%)` : `${y}px`;
  return (
    <div className={styles.tip} style={{ transform: `translate(${across}, ${down})` }} aria-hidden="true">
      <b>{nameOf(point)}</b>, published
      <br />
      <b>{formatAccuracy(point.y / 100)}</b> of {formatAccuracy(point.original / 100)} on the test set of CIFAR-10
      <br />
      <b>{formatPercent(point.x / 100, 1)}</b> of the convolutions&apos; multiply-adds
      <small>{point.source}. Not measured here.</small>
    </div>
  );
}

/** "TRP, spatial, published, not measured here: 35.2 % of the multiply-adds, 90.6 % on CIFAR-10, original 91.7 %; source". */
function describePublished(point: PublishedPoint): string {
  const result = `${formatPercent(point.x / 100, 1)} of the multiply-adds, ${formatAccuracy(point.y / 100)} on CIFAR-10`;
  const before = `original ${formatAccuracy(point.original / 100)}`;
  return `${nameOf(point)}, published, not measured here: ${result}, ${before}; ${point.source}`;
}

function nameOf({ method, variant }: PublishedPoint): string {
  const { short } = methodStyle(method);
  return variant === '' ? short : `${short}, ${variant}`;
}
