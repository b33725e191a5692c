/** Accuracy of object pixels against their distance to the cue, one line per look. */
import type { PassFigures } from '../../workers/protocol';
import type { Surface } from '../ui/drawing';

/** Pixels of a distance that are too few to say anything about. */
const LEAST = 20;
const MARGIN = { left: 34, right: 54, top: 10, bottom: 22 } as const;

/** Share of pixels told right at each whole distance; null where too few lie there. */
export function distanceCurve({
  byDistance: { correct, count },
}: Pick<PassFigures, 'byDistance'>): readonly (number | null)[] {
  return count.map((all, at) => (all < LEAST ? null : (correct[at] ?? 0) / all));
}

export function paintDistances(
  { context, width, height, palette: { colour } }: Surface,
  passes: readonly PassFigures[],
  look: number,
): void {
  const curves = passes.map(distanceCurve);
  const longest = Math.max(1, ...curves.map((curve) => curve.findLastIndex((value) => value !== null)));
  const right = width - MARGIN.right;
  const bottom = height - MARGIN.bottom;
  const x = (distance: number): number => MARGIN.left + (distance / longest) * (right - MARGIN.left);
  const y = (share: number): number => bottom - share * (bottom - MARGIN.top);

  context.lineWidth = 1;
  context.font = context.font.replace(/^\d+ /, '');
  for (const share of [0, 0.5, 1]) {
    context.fillStyle = colour.line;
    context.fillRect(MARGIN.left, Math.round(y(share)), right - MARGIN.left, 1);
    context.fillStyle = colour.ink3;
    context.textAlign = 'right';
    context.fillText(`${share * 100}`, MARGIN.left - 6, y(share) + 4);
  }
  context.textAlign = 'center';
  for (let distance = 0; distance <= longest; distance += 5)
    context.fillText(String(distance), x(distance), bottom + 15);
  context.textAlign = 'left';
  context.fillText('pixels', right + 8, bottom + 15);

  const labels = curves.map((curve, at) => {
    const selected = look === at + 1;
    context.strokeStyle = colour.gating;
    context.globalAlpha = selected ? 1 : 0.35 + (0.4 * (at + 1)) / curves.length;
    context.lineWidth = selected ? 2.6 : 1.4;
    context.beginPath();
    curve.forEach((share, distance) => {
      if (share === null) return;
      context.lineTo(x(distance), y(share));
    });
    context.stroke();
    context.globalAlpha = 1;
    const last = curve.findLast((share) => share !== null) ?? 0;
    return { text: `look ${at + 1}`, at: y(last) + 4, selected };
  });
  placeApart(labels).forEach(({ text, at, selected }) => {
    context.fillStyle = selected ? colour.ink : colour.ink3;
    context.fillText(text, right + 8, at);
  });
}

interface Label {
  readonly text: string;
  readonly at: number;
  readonly selected: boolean;
}

/** Labels from the top down, moved apart so that each can be read. */
function placeApart(labels: readonly Label[]): readonly Label[] {
  let last = -Infinity;
  return labels
    .toSorted((a, b) => a.at - b.at)
    .map((label) => {
      last = Math.max(label.at, last + 12);
      return { ...label, at: last };
    });
}
