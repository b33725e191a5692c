/** Entry point: the studio's engine. Owns the device; reading of foreign files and proofs of exports have workers of their own. */
import { createExecutor } from './compute/runtime';
import { wasmFiles } from './compute/wasm-files';
import type { ProofCommands } from './proof.worker';
import type { Commands, StudioEvent } from './protocol';
import { paramSchemas } from './protocol-schema';
import { connect, serve } from './rpc';
import { browserStore } from './session/browser-store';
import { createStudio } from './session/commands';
import { openInDataWorker } from './session/data-client';
import { openInImportWorker } from './session/import-client';

const spawnData = (): Worker => new Worker(new URL('./data.worker.ts', import.meta.url), { type: 'module' });
const spawnImport = (): Worker => new Worker(new URL('./import.worker.ts', import.meta.url), { type: 'module' });
const spawnProof = (): Worker => new Worker(new URL('./proof.worker.ts', import.meta.url), { type: 'module' });

const { handlers } = createStudio({
  createExecutor: (device) => createExecutor({ device, wasmFiles }),
  openDataset: (source, files, options) => openInDataWorker(spawnData, source, files, options),
  openNetwork: (files, signal) => openInImportWorker(spawnImport, files, signal),
  async prove(request, signal) {
    const worker = connect<ProofCommands>(spawnProof);
    try {
      return await worker.call('prove', request, { signal });
    } finally {
      worker.terminate();
    }
  },
  fetch: (url, init) => fetch(url, init),
  store: browserStore((message, bytesNeeded) => emit({ kind: 'storage', message, bytesNeeded })),
  emit,
});

const service = serve<Commands, StudioEvent>(self, handlers, paramSchemas);

function emit(event: StudioEvent): void {
  service.emit(event);
}
