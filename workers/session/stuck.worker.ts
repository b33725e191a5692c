/** For tests: a worker whose reader never comes back. */
import * as v from 'valibot';
import { serve } from '../rpc';
import type { DataCommands } from './data-client';
import type { ImportCommands } from './import-client';

function hang(): Promise<never> {
  const end = performance.now() + 120_000;
  while (performance.now() < end);
  return Promise.reject(new Error('It came back after all.'));
}

serve<{ open: { params: unknown; result: (DataCommands & ImportCommands)['open']['result'] } }>(
  self,
  { open: hang },
  { open: v.any() },
);
