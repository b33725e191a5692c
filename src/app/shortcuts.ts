/** Keys that work everywhere: undo, redo. Space and "." belong to the strip, arrows to what has the focus. */
import { useEffect } from 'react';
import { actions } from '../studio/store';

/** Shown by the keys dialogue, in this order. */
export const keyHelp: readonly (readonly [keys: string, effect: string])[] = [
  ['← →', 'budget by 1, with Shift by 5; in the tree by cell'],
  ['↑ ↓', 'in the tree by row'],
  ['Home, End', 'ends of a slider or row'],
  ['Enter', 'inspect the layer'],
  ['Delete', 'cut or bring back the filter'],
  ['P', 'protect the layer'],
  ['Space', 'pause or resume training'],
  ['.', 'one training step'],
  ['Ctrl or ⌘ Z', 'undo; with Shift redo'],
  ['Esc', 'close, or cancel a drag'],
  ['?', 'these keys'],
];

export function useShortcuts(): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || isTyping(event.target)) return;
      if (event.key.toLowerCase() !== 'z' || !(event.ctrlKey || event.metaKey) || event.altKey) return;
      event.preventDefault();
      if (event.shiftKey) actions.redo();
      else actions.undo();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
}

/** Fields have an undo of their own. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('input, textarea, select, [contenteditable]') !== null;
}
