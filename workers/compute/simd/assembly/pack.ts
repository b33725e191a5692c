/**
 * Packs a convolution's kernel into panels of eight outputs, in the order the tiles read it: for each panel, each tap,
 * each input channel, eight outputs. Outputs beyond the last are zeros.
 */

/** Field order is that of `window-plan.ts`; strides in floats. */
export function pack(job: usize): void {
  const from: usize = load<u32>(job);
  let to: usize = load<u32>(job, 4);
  /** Where each tap begins in the kernel, in floats. */
  const taps: usize = load<u32>(job, 8);
  const tapCount = load<i32>(job, 12);
  const depth = load<i32>(job, 16);
  const depthStride = load<i32>(job, 20);
  const outputs = load<i32>(job, 24);
  const outputStride = load<i32>(job, 28);
  const groups = load<i32>(job, 32);
  const groupStride = load<i32>(job, 36);
  for (let group = 0; group < groups; group++) {
    for (let panel = 0; panel < outputs; panel += 8) {
      const lanes = min(8, outputs - panel);
      for (let tap = 0; tap < tapCount; tap++) {
        const begin = load<i32>(taps + 4 * tap) + group * groupStride + panel * outputStride;
        let at: usize = from + 4 * begin;
        for (let channel = 0; channel < depth; channel++) {
          if (lanes == 8 && outputStride == 1) {
            v128.store(to, v128.load(at));
            v128.store(to, v128.load(at, 16), 16);
          } else {
            for (let lane = 0; lane < 8; lane++) {
              const value: f32 = lane < lanes ? f32.load(at + 4 * lane * outputStride) : 0;
              f32.store(to + 4 * lane, value);
            }
          }
          at += 4 * depthStride;
          to += 32;
        }
      }
    }
  }
}
