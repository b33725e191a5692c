/** How fast training runs, and how long it will take. Measured, never predicted from a device's name. */

export interface Rates {
  /** Null until two windows were measured: the first holds compilation and warm-up. */
  readonly imagesPerSecond: number | null;
  /**
   * Multiply-adds per second: 3 times the forward multiply-adds of each image (forward, gradient of the inputs, gradient
   * of the weights), the usual accounting. A teacher's forward pass is not counted.
   */
  readonly multiplyAddsPerSecond: number | null;
}

export interface Throughput {
  /** `images` were trained on in `milliseconds` of work (pauses, saving and evaluation left out). */
  add(images: number, milliseconds: number): void;
  /** Over the last few seconds. */
  recent(): Rates;
  /** Over everything but the first window (which counts when it is the only one). */
  overall(): Rates;
  /** Seconds for `images` more at the recent rate. */
  secondsFor(images: number): number | null;
}

/** Weight of old windows halves about every two seconds of work. */
const MEMORY_MS = 3000;

/** `macs`: forward multiply-adds of one image. */
export function createThroughput(macs: number): Throughput {
  const first = { images: 0, milliseconds: 0 };
  const later = { images: 0, milliseconds: 0 };
  const fading = { images: 0, milliseconds: 0 };
  let windows = 0;

  const rates = ({ images, milliseconds }: typeof first): Rates => {
    if (milliseconds <= 0) return { imagesPerSecond: null, multiplyAddsPerSecond: null };
    const imagesPerSecond = (1000 * images) / milliseconds;
    return { imagesPerSecond, multiplyAddsPerSecond: 3 * macs * imagesPerSecond };
  };

  return {
    add(images, milliseconds) {
      windows++;
      const total = windows === 1 ? first : later;
      total.images += images;
      total.milliseconds += milliseconds;
      if (windows === 1) return;
      const keep = Math.exp(-milliseconds / MEMORY_MS);
      fading.images = fading.images * keep + images;
      fading.milliseconds = fading.milliseconds * keep + milliseconds;
    },
    recent: () => rates(fading),
    overall: () => rates(windows > 1 ? later : first),
    secondsFor(images) {
      const { imagesPerSecond } = rates(fading);
      return imagesPerSecond === null ? null : images / imagesPerSecond;
    },
  };
}
