/** Cells that were cut or came back change their opacity over a moment, so that a person sees which ones they were. */
import type { KeptRow, KeptTree } from './kept';

const fadeMs = 160;

export interface Fade {
  /** What was shown before. */
  readonly from: KeptTree;
  /** Milliseconds, on the clock of animation frames. */
  readonly began: number;
}

/** How far it is at `now`, 0 to 1, easing out; 1 = over. */
export function fadeShare({ began }: Fade, now: number): number {
  const left = 1 - Math.min(1, Math.max(0, (now - began) / fadeMs));
  return 1 - left ** 3;
}

/** Opacity of the filled cell of `channel`: whole where it is kept, none where it is cut, between while it changes. */
export function cellOpacity(present: KeptRow, before: KeptRow | undefined, channel: number, share: number): number {
  const now = present.cut[channel] === 1 ? 0 : 1;
  const then = before === undefined ? now : before.cut[channel] === 1 ? 0 : 1;
  return then + (now - then) * share;
}

/** Whether a person asked for no motion: then everything changes at once. */
export function prefersStillness(): boolean {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}
