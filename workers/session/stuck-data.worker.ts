/** For tests: a data worker whose reader never comes back. */
import * as v from 'valibot';
import { serve } from '../rpc';
import type { DataCommands } from './data-client';

serve<DataCommands>(
  self,
  {
    open: () => {
      const end = performance.now() + 120_000;
      while (performance.now() < end);
      return Promise.reject(new Error('It came back after all.'));
    },
  },
  { open: v.any() },
);
