import { describe, expect, it } from 'vitest';
import { cellOpacity, fadeShare } from './fade';
import type { KeptRow } from './kept';

const row = (...cut: number[]): KeptRow => ({ cut: Uint8Array.from(cut), kept: 0, macs: 0, weights: 0 });
const from = { rows: [], trunk: [], gone: new Uint8Array() };

describe('a fade', () => {
  it('takes 160 ms, fast at first, and stays over', () => {
    const share = (now: number): number => fadeShare({ from, began: 1000 }, now);
    expect([999, 1000, 1160, 5000, Infinity].map(share)).toEqual([0, 0, 1, 1, 1]);
    // Cubic: half way through, an eighth is left.
    expect(share(1080)).toBeCloseTo(0.875, 12);
  });

  it('changes the cells that change, and no other', () => {
    const [was, is] = [row(0, 0, 1, 1), row(0, 1, 0, 1)];
    const opacities = (share: number): number[] => [0, 1, 2, 3].map((channel) => cellOpacity(is, was, channel, share));
    expect(opacities(0)).toEqual([1, 1, 0, 0]);
    expect(opacities(0.25)).toEqual([1, 0.75, 0.25, 0]);
    expect(opacities(1)).toEqual([1, 0, 1, 0]);
    expect(cellOpacity(is, undefined, 1, 0)).toBe(0);
  });
});
