/** With the number of each look, from 1. */
export function numbered<T>(passes: readonly T[]): readonly { readonly look: number; readonly of: T }[] {
  return passes.map((of, at) => ({ look: at + 1, of }));
}
