/**
 * Gradients of filters pulled together inside their clusters (`ops/centripetal.ts`): in every line along the clustered axis,
 * `mean(gradient - strength * weight) + strength * weight`. A mean is summed once, in the order of the table.
 */

/** Lines `begin` to `end`. Field order is that of `simd-centripetal.ts`. */
export function centripetal(job: usize, begin: i32, end: i32, scratch: usize): void {
  const gradient: usize = load<u32>(job);
  const weight: usize = load<u32>(job, 4);
  const target: usize = load<u32>(job, 8);
  /** Where each cluster begins among the members, one number more than clusters; each member's bytes from its line. */
  const begins: usize = load<u32>(job, 12);
  const clusters = load<i32>(job, 16);
  const places = load<i32>(job, 20);
  const inner = load<i32>(job, 24);
  const strength = load<f32>(job, 28);
  const lastBegin = begins + 4 * clusters;
  const members = lastBegin + 4;
  for (let line = begin; line < end; line++) {
    const start: usize = 4 * ((line / inner) * inner * places + (line % inner));
    for (let cluster = begins; cluster < lastBegin; cluster += 4) {
      const first = members + 4 * load<u32>(cluster);
      const stop = members + 4 * load<u32>(cluster, 4);
      if (stop - first == 4) {
        const at = start + load<u32>(first);
        f32.store(target + at, f32.load(gradient + at));
        continue;
      }
      let sum: f32 = 0;
      for (let member = first; member < stop; member += 4) {
        const at = start + load<u32>(member);
        sum += f32.load(gradient + at) - strength * f32.load(weight + at);
      }
      const mean: f32 = sum / <f32>((stop - first) / 4);
      for (let member = first; member < stop; member += 4) {
        const at = start + load<u32>(member);
        f32.store(target + at, mean + strength * f32.load(weight + at));
      }
    }
  }
}
