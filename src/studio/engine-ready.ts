/** What a person asks for before the engine is there waits for it. */
import { CancelledError } from '../../workers/rpc';
import type { StudioContext } from './context';

/** Resolves when the engine becomes ready, through any attempts that fail. Rejects with `CancelledError` on `signal`. */
export function engineReady(store: StudioContext['store'], signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const unsubscribe = store.subscribe(({ engine }) => {
      if (engine.phase !== 'ready') return;
      unsubscribe();
      resolve();
    });
    signal.addEventListener('abort', () => {
      unsubscribe();
      reject(new CancelledError('It was given up before the engine was ready.'));
    });
  });
}
