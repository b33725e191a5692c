/** What a step changes: weights by SGD with momentum and weight decay (Sutskever et al. 2013), running statistics. */

/**
 * `d = gradient + decay * weight`, `v = momentum * velocity + d`, `w = weight - rate * v`. Rounds after each operation, as
 * the composed update does.
 */
export function update(
  weight: usize,
  gradient: usize,
  velocity: usize,
  newWeight: usize,
  newVelocity: usize,
  floats: i32,
  rate: f32,
  momentum: f32,
  decay: f32,
): void {
  const rates = f32x4.splat(rate);
  const momenta = f32x4.splat(momentum);
  const decays = f32x4.splat(decay);
  const bytes: usize = 4 * floats;
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) {
    const w = v128.load(weight + at);
    const before = velocity == 0 ? f32x4.splat(0) : f32x4.mul(v128.load(velocity + at), momenta);
    const direction = f32x4.add(v128.load(gradient + at), f32x4.mul(w, decays));
    const v = f32x4.add(before, direction);
    v128.store(newVelocity + at, v);
    v128.store(newWeight + at, f32x4.sub(w, f32x4.mul(v, rates)));
  }
  for (; at < bytes; at += 4) {
    const w = f32.load(weight + at);
    const before: f32 = velocity == 0 ? 0 : f32.load(velocity + at) * momentum;
    const v: f32 = before + (f32.load(gradient + at) + w * decay);
    f32.store(newVelocity + at, v);
    f32.store(newWeight + at, w - v * rate);
  }
}

/** `to = keep * running + share * batch`. */
export function follow(running: usize, batch: usize, to: usize, floats: i32, keep: f32, share: f32): void {
  const bytes: usize = 4 * floats;
  for (let at: usize = 0; at < bytes; at += 4) {
    f32.store(to + at, f32.load(running + at) * keep + f32.load(batch + at) * share);
  }
}
