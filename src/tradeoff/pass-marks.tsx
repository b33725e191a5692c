/**
 * Curves of networks that look again, and other networks on the same data beside them, drawn over the chart; the chosen look of the open network is ringed. Its last look
 * is named below the mark: above stands the name of the original, which is the same point.
 */
import { builtLooks } from '../studio/looking';
import { useStudio } from '../studio/store';
import { formatAccuracy, formatPercent } from '../ui/format';
import { MarkGlyph } from '../ui/method-mark';
import { methodStyle } from '../ui/method-style';
import { MARK_RADIUS, pixelsOf, type ChartFrame } from './frame';
import type { PassCurve } from './pass-curves';
import styles from './tradeoff.module.css';

export function PassMarks({ frame, curves }: { readonly frame: ChartFrame; readonly curves: readonly PassCurve[] }) {
  const built = useStudio(({ network }) => builtLooks(network));
  const look = useStudio(({ view }) => view.look) ?? built;
  return (
    <g aria-label="Accuracy look by look" role="group">
      {curves.map((curve) => {
        const own = curve.run === null;
        const style = methodStyle(curve.method);
        const places = curve.points.map((point, at) => ({ ...pixelsOf(point, frame), look: at + 1 }));
        const name = curve.run === null ? undefined : frame.labels.get(curve.run);
        return (
          <g key={curve.run ?? 'open'} className={styles.passes} data-own={own}>
            {curve.title === null ? null : <title>{describe(curve)}</title>}
            <polyline
              points={places.map(({ x, y }) => `${x},${y}`).join(' ')}
              fill="none"
              stroke={`var(${style.hue})`}
              strokeDasharray={own ? undefined : '3 3'}
            />
            {places.map(({ x, y, look: at }) => (
              <g key={at} style={{ transform: `translate(${x}px, ${y}px)` }}>
                {own && at === look ? <circle className={styles.chosen} r={MARK_RADIUS + 5} /> : null}
                {own || curve.title !== null || at < places.length ? (
                  <MarkGlyph style={style} radius={own ? MARK_RADIUS : at < places.length ? 2.6 : 4} />
                ) : null}
                {own ? (
                  <text className={styles.label} x="0" y={at % 2 === 0 || at === built ? 20 : -11} textAnchor="middle">
                    {at === 1 ? '1 look' : `${at} looks`}
                  </text>
                ) : null}
              </g>
            ))}
            {curve.title === null || name === undefined ? null : (
              <text className={styles.otherLabel} x={name.x} y={name.y} textAnchor={name.anchor}>
                {name.text}
              </text>
            )}
          </g>
        );
      })}
    </g>
  );
}

/** "deep, 1 look: 75.2 % of the multiply-adds, 86.4 %". */
function describe({ title, points }: PassCurve): string {
  const looks = points.map(
    ({ x, y }) => `${formatPercent(x / 100, 1)} of the multiply-adds, ${formatAccuracy(y / 100)}`,
  );
  return `${title ?? ''}: ${looks.join('; ')}`;
}
