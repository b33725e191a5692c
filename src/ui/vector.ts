/** Canvases as SVG: what painted a canvas paints once more, on a context that writes SVG elements instead of pixels. */

import { loaded } from './loading';

/** Paints everything on `context`, whose units are CSS pixels until it scales them. */
type Painting = (context: CanvasRenderingContext2D) => void;

const paintings = new WeakMap<HTMLCanvasElement, Painting>();

/** `paint` is how `canvas` came to look as it does; asked again when a picture of it is taken. */
export function paintedBy(canvas: HTMLCanvasElement, paint: Painting): void {
  paintings.set(canvas, paint);
}

/** The canvas as an SVG element of its size: lines and letters where it is known how it was painted, else its pixels. */
export async function vectorOf(canvas: HTMLCanvasElement): Promise<SVGSVGElement> {
  const { clientWidth: width, clientHeight: height } = canvas;
  const { Context } = await loaded('What draws pictures as lines', () => import('svgcanvas'));
  const recorder = new Context({ width, height });
  // It has every method and property a canvas context has for drawing.
  const context = recorder as unknown as CanvasRenderingContext2D;
  // Nothing lies under what is painted for the first time; the library would paint white.
  context.clearRect = () => undefined;
  const paint = paintings.get(canvas);
  if (paint === undefined) context.drawImage(canvas, 0, 0, width, height);
  else paint(context);
  const drawn = recorder.getSvg();
  drawn.setAttribute('width', String(width));
  drawn.setAttribute('height', String(height));
  return drawn;
}
