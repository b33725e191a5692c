/** One small picture of pixels, drawn large without smoothing, with the chosen pixel marked. */
import { useCallback } from 'react';
import type { LooksState } from '../studio/state';
import { Drawing, type Surface } from '../ui/drawing';
import { colouredPixels, type Content } from './pixels';
import styles from './looks.module.css';

interface PictureProps {
  /** What it shows, in one sentence. */
  readonly label: string;
  readonly content: Content;
  readonly size: readonly [number, number];
  /** Side of the box in CSS pixels; the longer side of the picture fills it. */
  readonly side: number;
  /** Height and width of the image the pixel counts in. */
  readonly image: readonly [number, number];
  readonly pixel?: LooksState['pixel'];
  readonly onPick?: (pixel: NonNullable<LooksState['pixel']>) => void;
  readonly selected?: boolean;
  readonly caption?: string;
}

export function Picture({ label, content, size, side, image, pixel = null, onPick, selected, caption }: PictureProps) {
  const draw = useCallback(
    (surface: Surface) => paintPicture(surface, content, size, image, pixel),
    [content, size, image, pixel],
  );
  const [height, width] = fitted(image, side);
  return (
    <div
      className={styles.picture}
      data-pick={onPick === undefined ? undefined : true}
      data-selected={selected === true ? true : undefined}
      style={{ height, width }}
    >
      <Drawing
        label={label}
        draw={draw}
        onPress={
          onPick === undefined
            ? undefined
            : ({ x, y }) =>
                onPick({
                  row: clamp(Math.floor((y / height) * image[0]), image[0]),
                  column: clamp(Math.floor((x / width) * image[1]), image[1]),
                })
        }
      />
      {caption === undefined ? null : <span className={styles.caption}>{caption}</span>}
    </div>
  );
}

function paintPicture(
  { context, width, height, palette }: Surface,
  content: Content,
  [rows, columns]: readonly [number, number],
  image: readonly [number, number],
  pixel: LooksState['pixel'],
): void {
  const small = new OffscreenCanvas(columns, rows);
  small.getContext('2d')?.putImageData(new ImageData(colouredPixels(content, palette), columns, rows), 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, width, height);
  if (pixel === null) return;
  const [x, y] = [((pixel.column + 0.5) / image[1]) * width, ((pixel.row + 0.5) / image[0]) * height];
  for (const [colour, line] of [
    [palette.colour.paper, 4],
    [palette.colour.ink, 1.6],
  ] as const) {
    context.strokeStyle = colour;
    context.lineWidth = line;
    context.beginPath();
    context.arc(x, y, 5, 0, 2 * Math.PI);
    context.stroke();
  }
}

function fitted([rows, columns]: readonly [number, number], side: number): readonly [number, number] {
  const scale = side / Math.max(rows, columns, 1);
  return [Math.round(rows * scale), Math.round(columns * scale)];
}

function clamp(at: number, count: number): number {
  return Math.min(count - 1, Math.max(0, at));
}
