import { describe, expect, it } from 'vitest';
import { paretoFront, staircase } from './front';

const point = (x: number, y: number) => ({ x, y });

describe('paretoFront', () => {
  it('keeps what no cheaper point equals or beats', () => {
    const points = [point(75, 96), point(50, 94), point(60, 93), point(35, 90), point(80, 96), point(100, 96.8)];
    expect(paretoFront(points)).toEqual([point(35, 90), point(50, 94), point(75, 96), point(100, 96.8)]);
  });

  it('keeps the better of two at the same cost', () => {
    expect(paretoFront([point(50, 90), point(50, 92), point(50, 91)])).toEqual([point(50, 92)]);
  });

  it('ends where a cut network beats the original', () => {
    expect(paretoFront([point(100, 95), point(60, 95.5)])).toEqual([point(60, 95.5)]);
  });

  it('is empty without points', () => expect(paretoFront([])).toEqual([]));
});

describe('staircase', () => {
  it('goes level, then up, then level to the end', () => {
    expect(staircase([point(35, 90), point(50, 94)], 104)).toEqual([
      point(35, 90),
      point(50, 90),
      point(50, 94),
      point(104, 94),
    ]);
  });

  it('is absent for a single point', () => expect(staircase([point(100, 95)], 104)).toEqual([]));
});
