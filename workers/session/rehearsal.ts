/** A studio for tests: WASM in Node, a small Shapes-10, storage in memory, and every event remembered. */
import { createExecutor } from '../compute/runtime';
import { drawShapes } from '../datasets/shapes';
import { openNetworkFiles } from '../formats';
import { proveFile } from '../formats/proof';
import type { CommandName, CommandParams, CommandResult, RunEvent, RunId, StudioEvent } from '../protocol';
import type { CallContext } from '../rpc';
import { createStudio, type Studio } from './commands';
import type { Host } from './engine';
import { memoryBlobs, memoryRecords } from './memory-shelves';
import { parseRecipe, type Recipe, type RecipeInput } from './recipe';
import { createRunStore, type BlobShelf, type RecordShelf } from './store';

export interface Rehearsal extends Studio {
  readonly host: Host;
  readonly events: readonly StudioEvent[];
  call<C extends CommandName>(
    command: C,
    params: CommandParams<C>,
    context?: Partial<CallContext>,
  ): Promise<CommandResult<C>>;
  /** Resolves with the first event of the run that `wanted` accepts, past ones included. Rejects when the run fails. */
  heard(run: RunId, wanted: (event: RunEvent) => boolean): Promise<RunEvent>;
}

export interface RehearsalOptions {
  readonly shelves?: { readonly blobs: BlobShelf; readonly records: RecordShelf } | undefined;
  readonly change?: ((host: Host) => Partial<Host>) | undefined;
}

let executor: ReturnType<typeof createExecutor> | undefined;

export function rehearse({ shelves, change }: RehearsalOptions = {}): Rehearsal {
  const events: StudioEvent[] = [];
  let wake: (() => void)[] = [];
  const emit = (event: StudioEvent): void => {
    events.push(event);
    for (const waiting of wake.splice(0)) waiting();
  };
  const { blobs, records } = shelves ?? { blobs: memoryBlobs(), records: memoryRecords() };
  const trouble = (message: string, bytesNeeded: number | null): void =>
    emit({ kind: 'storage', message, bytesNeeded });
  const plain: Host = {
    // One backend a process: all rehearsals share it.
    createExecutor: () => (executor ??= createExecutor({ device: 'wasm' })),
    openDataset: (source) => {
      if (source.source === 'shapes10') return drawShapes(source);
      throw new Error(`The rehearsal has no "${source.source}".`);
    },
    openNetwork: (files) => openNetworkFiles(files),
    prove: (request) => proveFile(request),
    fetch: async () => new Response('not here', { status: 404 }),
    store: createRunStore({ blobs, records, trouble }),
    checkpointSeconds: 1000,
    emit,
  };
  const host: Host = { ...plain, ...change?.(plain) };
  const studio = createStudio(host);
  return {
    ...studio,
    host,
    events,
    async call<C extends CommandName>(command: C, params: CommandParams<C>, context: Partial<CallContext> = {}) {
      const full: CallContext = { signal: new AbortController().signal, progress: () => undefined, ...context };
      const result: unknown = await studio.handlers[command](params, full);
      return result as CommandResult<C>;
    },
    async heard(run, wanted) {
      for (;;) {
        const found = events.find((event) => event.kind === 'run' && event.event.run === run && wanted(event.event));
        if (found?.kind === 'run') return found.event;
        const failed = events.find(
          (event) => event.kind === 'run' && event.event.run === run && event.event.event === 'failed',
        );
        if (failed !== undefined) throw new Error(`The run failed: ${JSON.stringify(failed)}`);
        await new Promise<void>((resolve) => wake.push(resolve));
      }
    },
  };
}

/** ResNet-8 with few filters on 320 small pictures: a run of seconds. */
export function tinyRecipe(change: Partial<RecipeInput> = {}): Recipe {
  return parseRecipe({
    version: 1,
    name: 'Tiny rehearsal',
    seed: 5,
    network: { source: 'zoo', architecture: 'resnet8', widths: [4, 8, 8] },
    data: { source: 'shapes10', train: 320, validation: 64, test: 64 },
    stages: [
      { stage: 'pretrain', epochs: 1, batchSize: 32, learningRate: 0.05 },
      { stage: 'score', method: 'l1' },
      { stage: 'prune', budget: 0.5 },
      { stage: 'recalibrate', images: 128 },
      { stage: 'fine-tune', epochs: 1, batchSize: 32, learningRate: 0.02, distillation: 0.5 },
      { stage: 'evaluate', split: 'test' },
    ],
    ...change,
  });
}
