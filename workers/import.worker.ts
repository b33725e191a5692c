/** Entry point: reads network files of any format. One job a worker; who started it ends it. */
import * as v from 'valibot';
import { openNetworkFiles } from './formats';
import { serve, transferring } from './rpc';
import type { ImportCommands } from './session/import-client';

serve<ImportCommands>(
  self,
  {
    open: async ({ files }) => {
      const opened = await openNetworkFiles(files);
      // Tensors may share one buffer, and a buffer can be handed over only once.
      const buffers = Object.values(opened.network.tensors)
        .map(({ values }) => values.buffer)
        .filter((buffer) => buffer instanceof ArrayBuffer);
      return transferring(opened, [...new Set(buffers)]);
    },
  },
  { open: v.strictObject({ files: v.array(v.instance(File)) }) },
);
