/** Importance of every filter of the layer: one dot each, the cut as a line between what goes and what stays. */
import { useCallback, useRef } from 'react';
import { actions, studio, useStudio } from '../studio/store';
import computing from '../ui/computing.module.css';
import { Drawing, type Surface } from '../ui/drawing';
import { dotPlot, type DotArea, type DotPlot } from './dot-plot';
import { removedFrom, type Inspected } from './inspected';
import { watchCut } from './kernel-grid';
import styles from './inspector.module.css';

/** Why there are no dots, by the state of scoring. */
const UNSCORED = {
  idle: 'not scored yet',
  scoring: 'being scored',
  ready: 'not scored by this method',
  failed: 'scoring failed',
} as const;

const AXIS_ROOM = 32;
const SIDE = 2;

export function Distribution({ inspected }: { readonly inspected: Inspected }) {
  const { row, importance, stops } = inspected;
  const scoring = useStudio((state) => state.scoring.state);
  const latest = useRef<DotPlot | null>(null);

  const draw = useCallback(
    (surface: Surface) => {
      if (importance === null) return;
      const { view } = studio.getState();
      const removed = removedFrom(studio.getState(), row.layer);
      const area: DotArea = { left: SIDE, right: surface.width - SIDE, top: 0, bottom: surface.height - AXIS_ROOM };
      const plot = dotPlot(importance, (channel) => removed.has(channel), area);
      latest.current = plot;
      paintDots(surface, plot, area, stops, view.hovered?.layer === row.layer ? view.hovered.channel : null);
    },
    [importance, stops, row.layer],
  );
  const onHover = (position: { readonly x: number; readonly y: number } | null): void => {
    const plot = latest.current;
    const dot =
      position === null || plot === null
        ? undefined
        : plot.dots.find(({ x, y }) => Math.hypot(x - position.x, y - position.y) <= plot.radius + 1.5);
    actions.show({ hovered: dot === undefined ? null : { layer: row.layer, channel: dot.channel } });
  };

  return (
    <div className={styles.distribution}>
      <p className={styles.caption}>importance of each filter</p>
      <div className={scoring === 'scoring' ? `${styles.plot} ${computing.line}` : styles.plot}>
        {importance === null ? (
          <p className={styles.missing}>{UNSCORED[scoring]}</p>
        ) : (
          <Drawing
            label={`Importance of the ${row.filters} filters of ${row.label}, relative to the layer mean`}
            draw={draw}
            watch={watchCut}
            onHover={onHover}
          />
        )}
      </div>
    </div>
  );
}

function paintDots(
  { context, palette: { colour, ramp } }: Surface,
  plot: DotPlot,
  area: DotArea,
  stops: Uint8Array | null,
  lit: number | null,
): void {
  const { dots, radius, cutX, ticks, cut, kept } = plot;
  if (cutX !== null) {
    context.fillStyle = colour.shade;
    context.fillRect(area.left, area.top, cutX - area.left, area.bottom - area.top);
  }
  for (const dot of dots) {
    context.beginPath();
    context.arc(dot.x, dot.y, dot.isCut ? Math.max(0.5, radius - 0.5) : radius, 0, 2 * Math.PI);
    if (dot.isCut) {
      context.lineWidth = 1;
      context.strokeStyle = colour.line2;
      context.stroke();
    } else {
      context.fillStyle = ramp[stops?.[dot.channel] ?? -1] ?? colour.ink2;
      context.fill();
    }
    if (dot.channel !== lit) continue;
    context.lineWidth = 2;
    context.strokeStyle = colour.green;
    context.beginPath();
    context.arc(dot.x, dot.y, radius + 2, 0, 2 * Math.PI);
    context.stroke();
  }
  context.lineWidth = 1;
  context.strokeStyle = colour.line2;
  context.beginPath();
  context.moveTo(area.left, area.bottom + 0.5);
  context.lineTo(area.right, area.bottom + 0.5);
  for (const { x } of ticks) {
    context.moveTo(Math.round(x) + 0.5, area.bottom);
    context.lineTo(Math.round(x) + 0.5, area.bottom + 4);
  }
  context.stroke();
  context.fillStyle = colour.ink3;
  context.textAlign = 'center';
  for (const { x, text } of ticks) context.fillText(text, x, area.bottom + 15);
  context.textAlign = 'right';
  context.fillText('relative to the layer mean, log', area.right, area.bottom + 29);
  if (cutX !== null) {
    context.fillStyle = colour.green;
    context.fillRect(cutX - 0.8, area.top, 1.6, area.bottom - area.top);
  }
  if (cut === 0) return;
  // Without a line between them the counts still belong to the two kinds of dots.
  const at = cutX ?? (area.left + area.right) / 2;
  context.fillStyle = colour.ink2;
  context.fillText(`${cut} cut`, at - 6, area.top + 11);
  context.textAlign = 'left';
  context.fillStyle = colour.green;
  context.font = `600 ${context.font}`;
  context.fillText(`${kept} kept`, at + 6, area.top + 11);
}
