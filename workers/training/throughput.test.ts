import { describe, expect, it } from 'vitest';
import { createThroughput } from './throughput';

describe('createThroughput', () => {
  it('says nothing recent until a second window, and counts 3 forward passes an image', () => {
    const throughput = createThroughput(1000);
    expect(throughput.overall()).toEqual({ imagesPerSecond: null, multiplyAddsPerSecond: null });
    throughput.add(64, 6400);
    expect(throughput.recent().imagesPerSecond).toBeNull();
    expect(throughput.secondsFor(10)).toBeNull();
    expect(throughput.overall().imagesPerSecond).toBeCloseTo(10, 9);
    throughput.add(64, 320);
    expect(throughput.recent()).toEqual({ imagesPerSecond: 200, multiplyAddsPerSecond: 600_000 });
    expect(throughput.overall().imagesPerSecond).toBeCloseTo(200, 9);
    expect(throughput.secondsFor(100)).toBeCloseTo(0.5, 9);
  });

  it('follows a change of speed within seconds, while the overall rate remembers all', () => {
    const throughput = createThroughput(1);
    throughput.add(1, 1);
    for (let i = 0; i < 100; i++) throughput.add(10, 100);
    for (let i = 0; i < 60; i++) throughput.add(10, 200);
    // 12 s at 50 images/s: old windows weigh exp(-4) of 10 s.
    expect(throughput.recent().imagesPerSecond).toBeCloseTo(50, -0.5);
    expect(throughput.recent().imagesPerSecond).toBeLessThan(52);
    expect(throughput.overall().imagesPerSecond).toBeCloseTo(1600 / 22, 6);
  });
});
