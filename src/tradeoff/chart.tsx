/**
 * The still part of the trade-off chart: axes, grid, front, estimate and the original. Rendered when runs, method or
 * size change, never while the budget is dragged.
 */
import { memo, type ReactNode } from 'react';
import {
  Area,
  CartesianGrid,
  ComposedChart,
  DefaultZIndexes,
  Line,
  ReferenceLine,
  XAxis,
  YAxis,
  ZIndexLayer,
} from 'recharts';
import type { ChartFrame } from './frame';
import { MARGIN } from './scales';

interface ChartProps {
  readonly frame: ChartFrame;
  /** SVG drawn over the lines, in pixels of the panel. */
  readonly children: ReactNode;
}

/** How finely the estimate is followed, in % of multiply-adds. */
const ESTIMATE_STEP = 0.5;

interface EstimatePoint {
  readonly x: number;
  readonly y: number | null;
  readonly band: readonly [number, number] | null;
}

export const Chart = memo(function Chart({ frame, children }: ChartProps) {
  const { size, cost, accuracy, steps, original } = frame;
  const curve = estimatePoints(frame);
  const tick = { fontSize: 11, fill: 'var(--ink3)' };
  return (
    <ComposedChart
      width={size.width}
      height={size.height}
      margin={{ left: 0, right: MARGIN.right, top: MARGIN.top, bottom: 0 }}
      accessibilityLayer={false}
    >
      <CartesianGrid vertical={false} horizontalValues={[...accuracy.ticks]} stroke="var(--line)" />
      <XAxis
        type="number"
        dataKey="x"
        domain={[cost.low, cost.high]}
        ticks={[...cost.ticks]}
        height={MARGIN.bottom}
        tick={tick}
        tickSize={4}
        tickMargin={4}
        interval={0}
        stroke="var(--line2)"
        allowDataOverflow
      />
      <YAxis
        type="number"
        domain={[accuracy.low, accuracy.high]}
        ticks={[...accuracy.ticks]}
        width={MARGIN.left}
        tick={tick}
        tickLine={false}
        tickMargin={5}
        interval={0}
        axisLine={false}
        allowDataOverflow
      />
      {frame.estimate?.hasBand === true ? (
        <Area
          data={curve}
          dataKey={bandOf}
          type="linear"
          stroke="none"
          fill="var(--baseline)"
          fillOpacity={0.16}
          isAnimationActive={false}
          activeDot={false}
        />
      ) : null}
      {original === null ? null : (
        <ReferenceLine
          segment={[
            { x: cost.low, y: original.y },
            { x: 100, y: original.y },
          ]}
          stroke="var(--ink3)"
          strokeDasharray="1 3"
        />
      )}
      {curve.length > 0 ? (
        <Line
          data={curve}
          dataKey="y"
          type="linear"
          stroke="var(--baseline)"
          strokeWidth={1.4}
          strokeDasharray="5 3"
          dot={false}
          activeDot={false}
          isAnimationActive={false}
        />
      ) : null}
      <Line
        data={[...steps]}
        dataKey="y"
        type="linear"
        stroke="var(--ink2)"
        strokeWidth={1.2}
        dot={false}
        activeDot={false}
        isAnimationActive={false}
      />
      <ZIndexLayer zIndex={DefaultZIndexes.scatter}>{children}</ZIndexLayer>
    </ComposedChart>
  );
});

function estimatePoints({ estimate }: ChartFrame): EstimatePoint[] {
  if (estimate === null) return [];
  const count = Math.floor((estimate.to - estimate.from) / ESTIMATE_STEP);
  const at = Array.from({ length: count + 1 }, (_, step) => estimate.from + step * ESTIMATE_STEP);
  return [...at, estimate.to].map((x) => {
    const here = estimate.at(x);
    return { x, y: here?.y ?? null, band: here === null ? null : [here.low, here.high] };
  });
}

function bandOf(point: EstimatePoint) {
  return point.band;
}
