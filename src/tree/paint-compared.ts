/** Cuts of several networks on one tree: each has its lane through a row, and strikes out the filters it lost. */
import type { ComparedCut } from './scene';

interface LaneGeometry {
  readonly left: number;
  readonly top: number;
  readonly height: number;
  /** One cell with its gap. */
  readonly pitch: number;
  readonly gap: number;
}

interface Lanes {
  readonly compared: readonly ComparedCut[];
  readonly filters: number;
  readonly classAt: (position: number) => number;
}

/** One stroke for every run of neighbouring cells that a network lost, first network on top. */
export function paintCompared(
  context: CanvasRenderingContext2D,
  { left, top, height, pitch, gap }: LaneGeometry,
  { compared, filters, classAt }: Lanes,
): void {
  const lane = height / compared.length;
  const weight = Math.min(3, Math.max(1.5, lane * 0.5));
  compared.forEach(({ gone, colour }, index) => {
    const y = top + lane * (index + 0.5);
    const strokes = new Path2D();
    for (let first = 0; first < filters; first += 1) {
      if (gone[classAt(first)] !== 1) continue;
      let end = first + 1;
      while (end < filters && gone[classAt(end)] === 1) end += 1;
      strokes.moveTo(left + first * pitch, y);
      strokes.lineTo(left + end * pitch - gap, y);
      first = end;
    }
    context.strokeStyle = colour;
    context.lineWidth = weight;
    context.stroke(strokes);
  });
}
