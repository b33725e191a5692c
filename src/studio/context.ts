/** What every slice of the store works with: the state, the worker, and a place to say what went wrong. */
import type { StoreApi } from 'zustand/vanilla';
import { errorData } from '../../workers/rpc';
import type { Notice, StudioClient, StudioState } from './state';

export interface StudioContext {
  readonly store: StoreApi<StudioState>;
  /** Throws before the page is connected to its worker. */
  readonly client: () => StudioClient;
}

let lastNotice = 0;

/** Shows one sentence with at most one action, in place of an equal one. Returns its id. */
export function notify(
  { store }: StudioContext,
  message: string,
  options: { readonly tone?: Notice['tone']; readonly action?: Notice['action'] } = {},
): number {
  lastNotice += 1;
  const notice: Notice = {
    id: lastNotice,
    tone: options.tone ?? 'error',
    message,
    action: options.action ?? null,
  };
  store.setState(({ notices }) => ({ notices: [...notices.filter((other) => other.message !== message), notice] }));
  return notice.id;
}

/** The sentence of a failure, or null for work that was cancelled on purpose. */
export function failureOf(thrown: unknown): string | null {
  const { kind, message } = errorData(thrown);
  return kind === 'CancelledError' ? null : message;
}

/** Shows a failure as a notice; cancelled work is silent. */
export function report(context: StudioContext, thrown: unknown, action: Notice['action'] = null): void {
  const message = failureOf(thrown);
  if (message !== null) notify(context, message, { action });
}
