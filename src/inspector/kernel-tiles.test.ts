import { describe, expect, it } from 'vitest';
import { hexBytes, tileAt, tileGrid, tilePixels } from './kernel-tiles';

describe('tileGrid', () => {
  it.each([
    [16, 280, 160],
    [32, 280, 160],
    [64, 280, 160],
    [10, 180, 220],
  ])('fits %d tiles into %d x %d', (count, width, height) => {
    const grid = tileGrid(count, width, height);
    expect(grid.columns * grid.pitchX - 6).toBeLessThanOrEqual(width);
    expect(grid.height).toBeLessThanOrEqual(height);
    expect(grid.columns * Math.ceil(count / grid.columns)).toBeGreaterThanOrEqual(count);
    expect(grid.tile).toBeGreaterThanOrEqual(14);
  });

  it('grows downwards rather than become unreadable', () => {
    const grid = tileGrid(512, 280, 160);
    expect(grid.tile).toBe(14);
    expect(grid.columns).toBe(14);
    // 512 in 14 columns are 37 rows of 14 + 10 pixels.
    expect(grid.height).toBe(888);
  });
});

describe('tileAt', () => {
  const grid = tileGrid(32, 280, 160);

  it('finds the tile under the pointer and nothing in between', () => {
    expect(tileAt(grid, 32, 1, 1)).toBe(0);
    expect(tileAt(grid, 32, grid.pitchX + 1, 1)).toBe(1);
    expect(tileAt(grid, 32, grid.tile + 2, 1)).toBeNull();
    expect(tileAt(grid, 32, 1, grid.pitchY + 1)).toBe(grid.columns);
    expect(tileAt(grid, 32, 1, grid.height + 100)).toBeNull();
  });
});

describe('tilePixels', () => {
  const white = [255, 255, 255] as const;
  const black = [0, 0, 0] as const;

  it('takes each filter from light to dark by its own strongest tap', () => {
    const taps = { filters: 2, size: [1, 2], magnitude: Float32Array.of(9, 9, 1, 2), rgb: null } as const;
    expect([...tilePixels(taps, 1, white, black)]).toEqual([191, 191, 191, 255, 0, 0, 0, 255]);
  });

  it('compares single taps across the layer', () => {
    const taps = { filters: 2, size: [1, 1], magnitude: Float32Array.of(1, 2), rgb: null } as const;
    expect([...tilePixels(taps, 0, white, black)]).toEqual([191, 191, 191, 255]);
    expect([...tilePixels(taps, 1, white, black)]).toEqual([0, 0, 0, 255]);
  });

  it('shows signed colours around grey', () => {
    const taps = { filters: 1, size: [1, 1], magnitude: Float32Array.of(1), rgb: Float32Array.of(-2, 0, 2) } as const;
    expect([...tilePixels(taps, 0, white, black)]).toEqual([0, 128, 255, 255]);
  });

  it('leaves an all-zero kernel light', () => {
    const taps = { filters: 1, size: [1, 1], magnitude: Float32Array.of(0), rgb: null } as const;
    expect([...tilePixels(taps, 0, white, black)]).toEqual([255, 255, 255, 255]);
  });
});

describe('hexBytes', () => {
  it('reads tokens', () => {
    expect(hexBytes('#2c6a3c')).toEqual([0x2c, 0x6a, 0x3c]);
    expect(hexBytes('green')).toEqual([0, 0, 0]);
  });
});
