/** The paired bootstrap: how far a figure of several networks could move if other images had been drawn. */
import type { Random } from './random';

/**
 * Figures of `rounds` samples of `images` images each, drawn with replacement (Efron, "Bootstrap methods: another look at
 * the jackknife", Annals of Statistics 7, 1979). Every sample is shown to all of `figures`, so their differences are
 * paired; `drawn[image]` is how often an image is in the sample. Returns `[figure][round]`.
 */
export function bootstrapFigures(
  images: number,
  rounds: number,
  random: Random,
  figures: readonly ((drawn: Uint32Array) => number)[],
): readonly Float64Array[] {
  const found = figures.map(() => new Float64Array(rounds));
  const drawn = new Uint32Array(images);
  for (let round = 0; round < rounds; round++) {
    drawn.fill(0);
    for (let draw = 0; draw < images; draw++) {
      const image = random.integer(images);
      drawn[image] = (drawn[image] ?? 0) + 1;
    }
    figures.forEach((figure, at) => {
      const own = found[at];
      if (own !== undefined) own[round] = figure(drawn);
    });
  }
  return found;
}

/** The middle 95 % of the differences `second - first`, round by round (the percentile interval). */
export function percentileInterval(
  first: Float64Array,
  second: Float64Array,
): { readonly low: number; readonly high: number } {
  const differences = first.map((value, round) => (second[round] ?? NaN) - value).toSorted();
  const at = (share: number): number => {
    const place = share * (differences.length - 1);
    const [below, above] = [differences[Math.floor(place)] ?? NaN, differences[Math.ceil(place)] ?? NaN];
    return below + (above - below) * (place - Math.floor(place));
  };
  return { low: at(0.025), high: at(0.975) };
}
