/** The worker of the browser tests: it dies in every way a worker can. */
import * as v from 'valibot';
import { serve } from '../rpc';

export interface RehearsalCommands {
  echo: { params: string; result: string };
  wait: { params: null; result: null };
  throwLater: { params: null; result: null };
  rejectLater: { params: null; result: null };
  close: { params: null; result: null };
  spin: { params: { readonly ms: number }; result: null };
}

class KilnError extends Error {
  override readonly name = 'KilnError';
  readonly layer = 'stem';
  readonly bytes = 64;
}

const never = (): Promise<null> => new Promise(() => undefined);

serve<RehearsalCommands>(
  self,
  {
    echo: async (text) => text,
    wait: never,
    throwLater: () => {
      setTimeout(() => {
        throw new KilnError('The kiln is cold.');
      });
      return never();
    },
    rejectLater: () => {
      setTimeout(() => void Promise.reject(new KilnError('The kiln is cold.')));
      return never();
    },
    close: () => {
      self.close();
      return never();
    },
    spin: async ({ ms }) => {
      const end = performance.now() + ms;
      while (performance.now() < end);
      return null;
    },
  },
  {
    echo: v.string(),
    wait: v.null(),
    throwLater: v.null(),
    rejectLater: v.null(),
    close: v.null(),
    spin: v.strictObject({ ms: v.number() }),
  },
);
