import { createExecutor } from '../compute/runtime';
import { wasmFiles } from '../compute/wasm-files';
import { testGatedNetworks } from './gated-invariants';

testGatedNetworks(
  () => createExecutor({ device: 'webgpu', wasmFiles }),
  [{ backbone: 'shallow', passes: 2, routing: 'cascade' }],
);
