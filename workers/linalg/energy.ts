/** Shares of energy in a descending list of singular values. Plain sums: the page uses this file too. */

/**
 * Smallest rank `k >= 1` whose dropped tail holds at most `dropped` of the energy: `sum_{i>k} s_i^2 <= dropped * sum s_i^2`
 * (the rank rule of trained rank pruning; energy is the squared singular value). A zero matrix gives 1.
 */
export function rankForEnergy(s: ArrayLike<number>, dropped: number): number {
  const tails = tailSums(Array.from(s, (value) => value ** 2));
  const allowed = dropped * (tails[0] ?? 0);
  for (let k = 1; k < tails.length; k++) if ((tails[k] ?? 0) <= allowed) return k;
  return Math.max(1, s.length);
}

/** `[k]` = what the terms from k on add up to, `sum_{i>=k} terms_i`; one longer than `terms`, ending in 0. */
export function tailSums(terms: ArrayLike<number>): Float64Array {
  const tails = new Float64Array(terms.length + 1);
  // From the small end of a descending list, so that the tails keep their relative accuracy.
  for (let i = terms.length - 1; i >= 0; i--) tails[i] = (tails[i + 1] ?? 0) + (terms[i] ?? 0);
  return tails;
}
