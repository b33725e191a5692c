/** Where two networks tell the pixels of one image differently, and which of them is right there. */

/** What a pixel of the difference is: an index into `DIFFERENCES`. */
export const DIFFERENCES = ['same', 'lost', 'gained', 'moved'] as const;
type Difference = (typeof DIFFERENCES)[number];

export interface PixelDifference {
  /** `[h, w]`, row-major, indices into `DIFFERENCES`. */
  readonly map: Uint8Array;
  /** Pixels of each kind. */
  readonly counts: Readonly<Record<Difference, number>>;
}

/**
 * `same`: both give the pixel the same class; `lost`: only the first is right; `gained`: only the second; `moved`: they
 * differ and neither is right, or the truth gives the pixel no class (255). All arrays are `[h, w]` of class indices.
 *
 * @throws RangeError where the arrays differ in length.
 */
export function pixelDifference(truth: Uint8Array, first: Uint8Array, second: Uint8Array): PixelDifference {
  if (truth.length !== first.length || truth.length !== second.length) {
    throw new RangeError(`Pixels of one image: ${truth.length}, ${first.length} and ${second.length} do not match.`);
  }
  const counts = { same: 0, lost: 0, gained: 0, moved: 0 };
  const map = truth.map((label, at) => {
    const kind = kindOf(label, first[at], second[at]);
    counts[kind] += 1;
    return DIFFERENCES.indexOf(kind);
  });
  return { map, counts };
}

function kindOf(label: number, first: number | undefined, second: number | undefined): Difference {
  if (first === second) return 'same';
  return first === label ? 'lost' : second === label ? 'gained' : 'moved';
}
