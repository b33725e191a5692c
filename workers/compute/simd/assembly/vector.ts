/** Vector arithmetic the kernels share. Four floats to a vector. */

/** a * b + c; one rounding where the module is built with relaxed SIMD and the processor has it. */
export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** The first `count` (0 to 4) floats of `value` to `address`. */
export function storePart(address: usize, value: v128, count: i32): void {
  if (count >= 4) {
    v128.store(address, value);
    return;
  }
  if (count > 0) f32.store(address, f32x4.extract_lane(value, 0));
  if (count > 1) f32.store(address, f32x4.extract_lane(value, 1), 4);
  if (count > 2) f32.store(address, f32x4.extract_lane(value, 2), 8);
}
