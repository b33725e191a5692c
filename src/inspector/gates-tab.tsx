/** Gates of the layer's filters while a method trains them: one line per filter, open above the cut line. */
import { useCallback } from 'react';
import { methodOf } from '../studio/run-facts';
import { useStudio } from '../studio/store';
import { openFrom } from '../tree/gates';
import { Drawing, type Surface } from '../ui/drawing';
import { methodTone } from '../ui/method-style';
import type { Inspected } from './inspected';
import { shownRun, useLayerHistory, type LayerHistory } from './layer-history';
import { paintFrame, paintLines, plotFrame, type LinesPlot } from './lines-plot';
import styles from './inspector.module.css';

const WORDS = 84;

export function GatesTab({ inspected: { row } }: { readonly inspected: Inspected }) {
  const history = useLayerHistory(row.layer, 'gate');
  const run = useStudio(shownRun);
  const tone = methodTone(run === null ? null : methodOf(run.recipe));
  const draw = useCallback(
    (surface: Surface) => {
      if (history !== null) paintGates(surface, history, surface.palette.colour[tone]);
    },
    [history, tone],
  );
  if (history === null) return <p className={styles.missing}>No gate stands on the filters of this layer.</p>;
  const open = openGates(history);
  const { length } = open;
  const count = open.filter(Boolean).length;
  return (
    <div className={styles.plot}>
      <Drawing label={`Gates of ${row.label} over the training: ${count} of ${length} filters are open`} draw={draw} />
    </div>
  );
}

/** By filter, as the method says, else by the cut line. */
export function openGates({ samples }: LayerHistory): readonly boolean[] {
  const { gate, open } = samples.at(-1)?.series ?? {};
  return Array.from(gate ?? [], (value, filter) => (open?.[filter] ?? Number(value >= openFrom)) !== 0);
}

function paintGates(surface: Surface, history: LayerHistory, colour: string): void {
  const { context, width, height, palette } = surface;
  const open = openGates(history);
  const plot: LinesPlot = {
    epochs: history.epochs,
    low: 0,
    high: 1,
    logarithmic: false,
    ticks: [0, 0.5, 1].map((at) => ({ at, text: String(at) })),
    title: 'gate of each filter, probability that it is open',
    right: WORDS,
    lines: open.map((isOpen, filter) => ({
      points: history.samples.map(({ epoch, series }) => [epoch, series['gate']?.[filter] ?? 0] as const),
      colour,
      width: 1.1,
      opacity: isOpen ? 0.75 : 0.32,
    })),
  };
  const frame = plotFrame(width, height, plot);
  paintFrame(surface, frame, plot);
  context.strokeStyle = palette.colour.line2;
  context.setLineDash([4, 3]);
  context.beginPath();
  context.moveTo(frame.left, Math.round(frame.yOf(openFrom)) + 0.5);
  context.lineTo(frame.right, Math.round(frame.yOf(openFrom)) + 0.5);
  context.stroke();
  context.setLineDash([]);
  paintLines(surface, frame, plot);
  const count = open.filter(Boolean).length;
  const { font } = context;
  const x = frame.right + 8;
  context.textAlign = 'left';
  context.fillStyle = palette.colour.ink3;
  context.fillText(`cut line ${openFrom}`, x, frame.yOf(openFrom) + 4);
  context.fillText(`${open.length - count} closed`, x, frame.bottom + 2);
  context.fillStyle = colour;
  context.font = `600 ${font}`;
  context.fillText(`${count} open`, x, frame.top + 10);
  context.font = font;
}
