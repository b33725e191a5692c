import { describe, expect, it } from 'vitest';
import { pixelDifference } from './pixel-difference';

describe('where two networks tell pixels differently', () => {
  it('says which of them is right at each pixel; none where the truth gives it no class', () => {
    const truth = Uint8Array.of(1, 1, 1, 1, 255, 255, 0);
    const first = Uint8Array.of(1, 1, 2, 0, 1, 1, 0);
    const second = Uint8Array.of(1, 0, 1, 2, 2, 1, 0);
    const { map, counts } = pixelDifference(truth, first, second);
    // Same, only the first, only the second, both wrong, no truth, no truth but alike, same.
    expect([...map]).toEqual([0, 1, 2, 3, 3, 0, 0]);
    expect(counts).toEqual({ same: 3, lost: 1, gained: 1, moved: 2 });
  });

  it('refuses pictures of different sizes', () => {
    expect(() => pixelDifference(new Uint8Array(4), new Uint8Array(4), new Uint8Array(5))).toThrow(/4, 4 and 5/);
  });
});
