/** Decodes image files with the browser's own decoders. Needs a browser; Node has none. */
import { imageSize } from './image-size';
import { squareOf } from './resize';

/** Bytes of an image file to RGB bytes `[size, size, 3]`. Throws an `Error` that says what is wrong with the image. */
export type DecodeImage = (bytes: Uint8Array<ArrayBuffer>, size: number) => Promise<Uint8Array>;

/** RGBA bytes, `[height, width, 4]`. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

/** Bytes of an image file to its pixels, whole. Throws as `DecodeImage`. */
export type DecodePicture = (bytes: Uint8Array<ArrayBuffer>) => Promise<Picture>;

const mostPixels = 100e6;
/** Larger images are first reduced by the browser: reading back all pixels of a photograph takes long. */
const longestSide = 1024;

const isBitmapSupported = (): boolean =>
  typeof createImageBitmap === 'function' && typeof OffscreenCanvas === 'function';

/** The centred square, resized by area. */
export const decodeInBrowser: DecodeImage = async (bytes, size) => {
  const { data, width, height } = await pictureInBrowser(bytes);
  return squareOf(data, width, height, size);
};

/**
 * Turned upright as the file says, colours as stored (no colour management), reduced where it is a photograph's size.
 * JPEG decoders of different browsers may differ by a few levels; PNG is exact.
 */
export const pictureInBrowser: DecodePicture = async (bytes) => {
  if (!isBitmapSupported()) throw new Error('images of folders can be decoded in a browser only');
  const claimed = imageSize(bytes);
  if (claimed === undefined) throw new Error('it is no PNG, JPEG, WebP, GIF or BMP image');
  const { format, width, height } = claimed;
  if (width < 1 || height < 1 || width * height > mostPixels) {
    throw new Error(`it claims ${width} x ${height} pixels; at most ${mostPixels / 1e6} million can be read`);
  }
  const bitmap = await createImageBitmap(new Blob([bytes], { type: `image/${format}` }), {
    colorSpaceConversion: 'none',
    premultiplyAlpha: 'none',
    imageOrientation: 'from-image',
  }).catch(() => undefined);
  if (bitmap === undefined) throw new Error(`the ${format.toUpperCase()} data is damaged`);
  try {
    const scale = Math.min(1, longestSide / Math.max(bitmap.width, bitmap.height));
    const canvas = new OffscreenCanvas(
      Math.max(1, Math.round(bitmap.width * scale)),
      Math.max(1, Math.round(bitmap.height * scale)),
    );
    const context = canvas.getContext('2d', { willReadFrequently: true });
    if (context === null) throw new Error('the browser gave no canvas to decode it on');
    context.imageSmoothingQuality = 'high';
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    return context.getImageData(0, 0, canvas.width, canvas.height);
  } finally {
    bitmap.close();
  }
};
