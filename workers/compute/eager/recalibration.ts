/**
 * Combines batch statistics into those of all batches together, in float64 (Chan, Golub and LeVeque 1979).
 */

/** Mean and population variance per channel over a growing number of values. */
export class CombinedStatistics {
  private count = 0;
  private readonly mean: Float64Array;
  /** Sum of squared distances from the mean. */
  private readonly squares: Float64Array;

  constructor(channels: number) {
    this.mean = new Float64Array(channels);
    this.squares = new Float64Array(channels);
  }

  /** Takes in a batch of `count` values per channel with this mean and population variance. */
  add(mean: Float32Array, variance: Float32Array, count: number): void {
    const total = this.count + count;
    for (let channel = 0; channel < this.mean.length; channel++) {
      const known = this.mean[channel] ?? 0;
      const distance = (mean[channel] ?? 0) - known;
      this.mean[channel] = known + (distance * count) / total;
      const between = (distance * distance * this.count * count) / total;
      this.squares[channel] = (this.squares[channel] ?? 0) + (variance[channel] ?? 0) * count + between;
    }
    this.count = total;
  }

  result(): { readonly mean: Float32Array; readonly variance: Float32Array } {
    const count = Math.max(this.count, 1);
    return { mean: Float32Array.from(this.mean), variance: Float32Array.from(this.squares, (sum) => sum / count) };
  }
}
