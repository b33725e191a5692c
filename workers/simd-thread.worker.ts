/** Entry point: one thread of the SIMD kernels. Sleeps between jobs; who started it ends it. */
import { serveJobs, wordCount, type RangeKernels, type ThreadStart } from './compute/simd/shared-work';

self.addEventListener('message', ({ data }: MessageEvent<ThreadStart>) => {
  const { module, memory, control, index } = data;
  const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as RangeKernels;
  self.postMessage('ready', { transfer: [] });
  serveJobs(new Int32Array(memory.buffer, control, wordCount), kernels, index);
});
