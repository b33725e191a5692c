/** The running run on the chart: what each of its networks reached, and where it stands now. */
import type { StudioState } from '../studio/state';
import { emptyLiveRun } from '../studio/initial';
import { useStudio } from '../studio/store';
import { liveOf } from '../studio/telemetry';
import { formatPercent } from '../ui/format';
import { MarkGlyph } from '../ui/method-mark';
import { methodStyle } from '../ui/method-style';
import { pixelsOf, type ChartFrame } from './frame';
import { trailOf } from './points';
import type { SplitName } from '../../workers/protocol';
import styles from './tradeoff.module.css';

interface TrailMarksProps {
  readonly frame: ChartFrame;
  readonly split: SplitName;
}

const activeRun = ({ runs, activeRun: run }: StudioState) => runs.find((other) => other.run === run) ?? null;

/** Accuracy in % of the trail's highest point; null = no trail. */
export function trailPeak(state: StudioState, split: SplitName): number | null {
  const run = activeRun(state);
  const heights = run === null ? [] : trailOf(run, liveOf(state) ?? emptyLiveRun, split).points.map(({ y }) => y);
  return heights.length === 0 ? null : Math.max(...heights);
}

export function TrailMarks({ frame, split }: TrailMarksProps) {
  const run = useStudio(activeRun);
  const live = useStudio(liveOf);
  if (run === null) return null;
  const trail = trailOf(run, live ?? emptyLiveRun, split);
  const last = trail.points.at(-1);
  if (last === undefined) return null;
  const style = methodStyle(trail.method);
  const hue = `var(${style.hue})`;
  const places = trail.points.map((point) => pixelsOf(point, frame));
  // A stroke of no length with round ends is a dot.
  const dots = places.map(({ x, y, isBelow }) => (isBelow ? '' : `M${x} ${y}h0`)).join('');
  const end = pixelsOf(last, frame);
  const toRight = end.x < (frame.area.left + frame.area.right) / 2;
  return (
    <g className={styles.trail}>
      <polyline points={places.map(({ x, y }) => `${x},${y}`).join(' ')} fill="none" stroke={hue} strokeWidth="1.6" />
      <path d={dots} stroke={hue} strokeWidth="4.8" strokeLinecap="round" />
      <g style={{ transform: `translate(${end.x}px, ${end.y}px)` }}>
        <MarkGlyph style={style} radius={6.4} />
        <text className={styles.now} x={toRight ? 11 : -11} y="4" textAnchor={toRight ? 'start' : 'end'}>
          {formatPercent(last.y / 100, 1)}
          <tspan className={styles.nowNote}> {last.note}</tspan>
        </text>
      </g>
    </g>
  );
}
