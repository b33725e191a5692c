/** What a hovered or focused point says: its name, its two numbers, and what a click does. */
import { formatAccuracy, formatCount, formatInteger, formatPercent } from '../ui/format';
import { pixelsOf, type ChartFrame } from './frame';
import type { TradePoint } from './points';
import styles from './tradeoff.module.css';

interface PointTipProps {
  readonly frame: ChartFrame;
  readonly point: TradePoint;
}

export function PointTip({ frame, point }: PointTipProps) {
  const { candidate, label, method, origin } = point;
  const { x, y } = pixelsOf(point, frame);
  const toRight = x < (frame.area.left + frame.area.right) / 2;
  const across = toRight ? `${x + 12}px` : `calc(${x - 12}px - 100%)`;
  const down = y > (frame.area.top + frame.area.bottom) / 2 ? `calc(${y}px - 100%)` : `${y}px`;
  return (
    <div className={styles.tip} style={{ transform: `translate(${across}, ${down})` }} aria-hidden="true">
      <b>{label}</b>
      {origin === 'reference' && method !== null ? ', shipped reference' : ''}
      {origin === 'replay' ? ', replay of a recorded run' : ''}
      <br />
      <b>{formatAccuracy(candidate.accuracy ?? 0, candidate.metric)}</b> on {formatInteger(candidate.images)}{' '}
      {candidate.split} images
      <br />
      <b>{formatPercent(candidate.share, 1)}</b> kept, {formatCount(candidate.macs)} multiply-adds
      {method === null ? null : (
        <small>
          {candidate.stored ? 'Click opens it, Shift-click compares' : 'Its weights are not kept; click compares'}
        </small>
      )}
    </div>
  );
}
