/**
 * A canvas that fills its box and draws itself again when its size, the theme or what it shows changes.
 *
 * For what repaints on every frame of a drag or four times a second: no React render in between.
 */
import { useEffect, useRef, type PointerEvent } from 'react';
import { themePalette, type Palette } from './palette';
import { paintedBy } from './vector';
import styles from './drawing.module.css';

/** What a draw function gets: cleared, scaled to CSS pixels, with the interface font set at 11 px. */
export interface Surface {
  readonly context: CanvasRenderingContext2D;
  readonly width: number;
  readonly height: number;
  readonly palette: Palette;
}

interface DrawingProps {
  /** What the picture shows, in one sentence, for those who cannot see it. */
  readonly label: string;
  /** Called at most once per frame. */
  readonly draw: (surface: Surface) => void;
  /** Subscribes to whatever else the picture depends on; returns the unsubscribe function. */
  readonly watch?: ((redraw: () => void) => () => void) | undefined;
  /** Height in CSS pixels when the picture does not fill its box. */
  readonly height?: number | undefined;
  /** Pointer position in CSS pixels from the top left corner; null when it leaves. */
  readonly onHover?: ((position: { readonly x: number; readonly y: number } | null) => void) | undefined;
  readonly onPress?: ((position: { readonly x: number; readonly y: number }) => void) | undefined;
}

export function Drawing({ label, draw, watch, height, onHover, onPress }: DrawingProps) {
  const canvas = useRef<HTMLCanvasElement>(null);

  useEffect(() => {
    const element = canvas.current;
    if (element === null) return undefined;
    let frame = 0;
    const family = getComputedStyle(element).fontFamily;
    paintedBy(element, (context) => paintWith(context, element, family, draw));
    const redraw = (): void => {
      if (frame === 0) frame = requestAnimationFrame(paint);
    };
    const paint = (): void => {
      frame = 0;
      paintOn(element, family, draw);
    };
    const sizes = new ResizeObserver(redraw);
    sizes.observe(element);
    const theme = new MutationObserver(redraw);
    theme.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    const unwatch = watch?.(redraw);
    redraw();
    return () => {
      cancelAnimationFrame(frame);
      sizes.disconnect();
      theme.disconnect();
      unwatch?.();
    };
  }, [draw, watch]);

  return (
    <canvas
      ref={canvas}
      className={height === undefined ? styles.filling : styles.drawing}
      style={height === undefined ? undefined : { height }}
      onPointerMove={onHover === undefined ? undefined : (event) => onHover(positionOf(event))}
      onPointerLeave={onHover === undefined ? undefined : () => onHover(null)}
      onClick={onPress === undefined ? undefined : (event) => onPress(positionOf(event))}
    >
      {label}
    </canvas>
  );
}

function paintOn(element: HTMLCanvasElement, family: string, draw: (surface: Surface) => void): void {
  const context = element.getContext('2d');
  const { clientWidth: width, clientHeight: height } = element;
  if (context === null || width === 0 || height === 0) return;
  const scale = window.devicePixelRatio;
  const pixelsAcross = Math.round(width * scale);
  const pixelsDown = Math.round(height * scale);
  // Setting the size clears a canvas and throws its memory away, so only when it differs.
  if (element.width !== pixelsAcross || element.height !== pixelsDown) {
    element.width = pixelsAcross;
    element.height = pixelsDown;
  }
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  paintWith(context, element, family, draw);
}

function paintWith(
  context: CanvasRenderingContext2D,
  { clientWidth: width, clientHeight: height }: HTMLCanvasElement,
  family: string,
  draw: (surface: Surface) => void,
): void {
  context.font = `11px ${family}`;
  draw({ context, width, height, palette: themePalette(document.documentElement.dataset['theme'] ?? 'light') });
}

function positionOf(event: Pick<PointerEvent, 'nativeEvent'> | { readonly nativeEvent: MouseEvent }) {
  return { x: event.nativeEvent.offsetX, y: event.nativeEvent.offsetY };
}
