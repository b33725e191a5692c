/** Entry point: the studio's engine. Owns the device; reading of data and proofs of exports have workers of their own. */
import { createExecutor } from './compute/runtime';
import { wasmFiles } from './compute/wasm-files';
import { drawShapes } from './datasets/shapes';
import type { ProofCommands } from './proof.worker';
import type { Commands, StudioEvent } from './protocol';
import { paramSchemas } from './protocol-schema';
import { connect, serve } from './rpc';
import { browserStore } from './session/browser-store';
import { createStudio } from './session/commands';

const { handlers } = createStudio({
  createExecutor: (device) => createExecutor({ device, wasmFiles }),
  openDataset: async (source) => {
    if (source.source !== 'shapes10') throw new Error('Not yet.');
    return drawShapes(source);
  },
  async prove(request, signal) {
    const spawn = (): Worker => new Worker(new URL('./proof.worker.ts', import.meta.url), { type: 'module' });
    const worker = connect<ProofCommands>(spawn);
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
