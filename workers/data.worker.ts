/** Entry point: reads, decodes and downloads data sets. One job a worker; who started it ends it. */
import * as v from 'valibot';
import { openDataset } from './datasets';
import { datasetCache } from './datasets/cache';
import { splitNames } from './datasets/dataset';
import { browserBlobStore } from './datasets/storage';
import { serve, transferring } from './rpc';
import type { DataCommands } from './session/data-client';
import { DataSourceSchema } from './session/recipe';

serve<DataCommands>(
  self,
  {
    open: async ({ source, files }, { signal, progress }) => {
      const store = await browserBlobStore();
      const cache = store === null ? null : datasetCache(store);
      const dataset = await openDataset(source, files, { signal, progress, cache });
      // Empty splits may share one buffer, and a buffer can be handed over only once.
      const buffers = splitNames.flatMap((name) => {
        const { images, labels, masks, cueDistances } = dataset.splits[name];
        return [images, labels, masks, cueDistances]
          .map((values) => values?.buffer)
          .filter((buffer) => buffer instanceof ArrayBuffer);
      });
      return transferring(dataset, [...new Set(buffers)]);
    },
  },
  { open: v.strictObject({ source: DataSourceSchema, files: v.array(v.instance(File)) }) },
);
