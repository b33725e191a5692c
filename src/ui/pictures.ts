/** Charts as files: SVG as they are drawn, with their colours written out, and PNG at twice their size. */
import { download } from './download';
import { vectorOf } from './vector';

/** What a still picture needs of computed styles; the rest follows from attributes. */
const properties = [
  'fill',
  'fill-opacity',
  'stroke',
  'stroke-width',
  'stroke-dasharray',
  'stroke-opacity',
  'opacity',
  'font-family',
  'font-size',
  'font-weight',
  'text-anchor',
  'transform',
  'visibility',
  'display',
] as const;

const scale = 2;

/** Hands the largest drawing in `place` to the browser as a file. Rejects where there is none, or it cannot be made. */
export function savePicture(format: 'svg' | 'png') {
  return async (place: Element, name: string): Promise<void> => {
    const drawings = [...place.querySelectorAll('svg')].toSorted((one, other) => areaOf(other) - areaOf(one));
    const [largest] = drawings;
    if (largest === undefined) throw new Error('There is no chart to take a picture of yet.');
    const text = standalone(largest);
    if (format === 'svg') return download(`${name}.svg`, new Blob([text], { type: 'image/svg+xml' }));
    return download(`${name}.png`, await rasterised(text, largest.clientWidth, largest.clientHeight));
  };
}

function areaOf({ clientWidth, clientHeight }: Element): number {
  return clientWidth * clientHeight;
}

/** The drawing as a file of its own: every colour written out, on paper of the present theme. */
function standalone(element: SVGSVGElement): string {
  const copy = element.cloneNode(true) as SVGSVGElement;
  writeStyles(element, copy);
  const { clientWidth: width, clientHeight: height } = element;
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  copy.setAttribute('width', String(width));
  copy.setAttribute('height', String(height));
  copy.setAttribute('viewBox', `0 0 ${width} ${height}`);
  const paper = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
  paper.setAttribute('width', '100%');
  paper.setAttribute('height', '100%');
  paper.setAttribute('fill', getComputedStyle(document.body).backgroundColor);
  copy.prepend(paper);
  return new XMLSerializer().serializeToString(copy);
}

function writeStyles(from: Element, to: Element): void {
  const style = getComputedStyle(from);
  for (const property of properties) {
    const value = style.getPropertyValue(property);
    if (value !== '' && value !== 'none' && value !== 'normal') to.setAttribute(property, value);
    else if (value === 'none' && (property === 'fill' || property === 'stroke' || property === 'display')) {
      to.setAttribute(property, 'none');
    }
  }
  to.removeAttribute('class');
  to.removeAttribute('style');
  for (const [at, child] of [...from.children].entries()) {
    const other = to.children[at];
    if (other !== undefined) writeStyles(child, other);
  }
}

async function rasterised(svg: string, width: number, height: number): Promise<Blob> {
  const image = new Image();
  const address = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }));
  try {
    image.src = address;
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = width * scale;
    canvas.height = height * scale;
    canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await asPng(canvas);
  } finally {
    URL.revokeObjectURL(address);
  }
}

interface Placed {
  readonly canvas: HTMLCanvasElement;
  readonly box: DOMRect;
}

/** The canvases in `place` that show something, and the box around them all. Throws where there is none. */
function canvasesIn(place: Element) {
  const placed: readonly Placed[] = [...place.querySelectorAll('canvas')]
    .filter(({ width, height }) => width > 0 && height > 0)
    .map((canvas) => ({ canvas, box: canvas.getBoundingClientRect() }))
    .filter(({ box }) => box.width > 0 && box.height > 0);
  if (placed.length === 0) throw new Error('There is no chart to take a picture of yet.');
  const left = Math.min(...placed.map(({ box }) => box.left));
  const top = Math.min(...placed.map(({ box }) => box.top));
  const right = Math.max(...placed.map(({ box }) => box.right));
  const bottom = Math.max(...placed.map(({ box }) => box.bottom));
  return { placed, left, top, width: right - left, height: bottom - top };
}

/** The same canvases as one drawing of lines and letters. Rejects where there is none. */
export async function saveCanvasAsVector(place: Element, name: string): Promise<void> {
  const { placed, left, top, width, height } = canvasesIn(place);
  const paper = getComputedStyle(document.body).backgroundColor;
  const parts = await Promise.all(
    placed.map(async ({ canvas, box }) => {
      const drawn = await vectorOf(canvas);
      drawn.setAttribute('x', String(box.left - left));
      drawn.setAttribute('y', String(box.top - top));
      return new XMLSerializer().serializeToString(drawn);
    }),
  );
  const text = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"><rect width="100%" height="100%" fill="${paper}"/>${parts.join('')}</svg>`;
  download(`${name}.svg`, new Blob([text], { type: 'image/svg+xml' }));
}

/** All canvases in `place` as they are painted now, where they stand. Rejects where there is none. */
export async function saveCanvas(place: Element, name: string): Promise<void> {
  const { placed, left, top, width, height } = canvasesIn(place);
  const copy = document.createElement('canvas');
  const context = copy.getContext('2d');
  if (context === null) throw new Error('This browser gives no canvas to copy the picture to.');
  copy.width = Math.ceil(width * scale);
  copy.height = Math.ceil(height * scale);
  context.scale(scale, scale);
  context.fillStyle = getComputedStyle(document.body).backgroundColor;
  context.fillRect(0, 0, width, height);
  for (const { canvas, box } of placed) {
    context.drawImage(canvas, box.left - left, box.top - top, box.width, box.height);
  }
  download(`${name}.png`, await asPng(copy));
}

function asPng(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => {
      if (blob === null) reject(new Error('The picture could not be made: it is too large for this browser.'));
      else resolve(blob);
    });
  });
}
