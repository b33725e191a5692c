/** Where the tour's card stands: beside what it is about where there is room, so that it hides nothing of it. */

/** In pixels of the window. */
export interface Frame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface CardPlace {
  readonly left: number;
  readonly top?: number;
  readonly bottom?: number;
}

/** As `welcome.module.css` has it; the height is that of the longest text, and some more. */
export const CARD = { width: 320, height: 216 } as const;
const GAP = 12;

/**
 * Right of the place, else left of it, below it, above it, else in its lower corner; never off the page. Null = the place
 * is not shown.
 */
export function placeBeside(frame: Frame | null, page: { readonly width: number; readonly height: number }): CardPlace {
  if (frame === null) return { left: GAP, bottom: GAP };
  const { left, top, width, height } = frame;
  const bottom = top + height;
  const beside = Math.max(GAP, Math.min(top + GAP, page.height - CARD.height - GAP));
  if (left + width + 2 * GAP + CARD.width <= page.width) return { left: left + width + GAP, top: beside };
  if (left - 2 * GAP - CARD.width >= 0) return { left: left - GAP - CARD.width, top: beside };
  const across = Math.max(GAP, Math.min(left + GAP, page.width - CARD.width - GAP));
  if (bottom + 2 * GAP + CARD.height <= page.height) return { left: across, top: bottom + GAP };
  if (top - 2 * GAP - CARD.height >= 0) return { left: across, bottom: page.height - top + GAP };
  return { left: across, bottom: Math.max(GAP, page.height - bottom + GAP) };
}
