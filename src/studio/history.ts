/** Undo and redo over whole values: decisions are small, so each step is kept entire. */

export interface History<T> {
  readonly past: readonly T[];
  readonly future: readonly T[];
}

const longest = 200;

export function emptyHistory<T>(): History<T> {
  return { past: [], future: [] };
}

/** Remembers `before` as a step; what was undone is forgotten. */
export function record<T>(history: History<T>, before: T): History<T> {
  return { past: [...history.past, before].slice(-longest), future: [] };
}

/** The value before the last step, or null when there is none. */
export function stepBack<T>(history: History<T>, present: T): { history: History<T>; value: T } | null {
  const value = history.past.at(-1);
  if (value === undefined) return null;
  return { value, history: { past: history.past.slice(0, -1), future: [present, ...history.future] } };
}

/** The value that was undone last, or null when nothing was. */
export function stepForward<T>(history: History<T>, present: T): { history: History<T>; value: T } | null {
  const [value, ...future] = history.future;
  if (value === undefined) return null;
  return { value, history: { past: [...history.past, present], future } };
}
