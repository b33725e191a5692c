/**
 * How much memory the present device holds for its tensors, what it keeps for later ones included.
 */
import { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import type { HostModule } from './simd/simd-engine';

/** WASM: the heap, which never shrinks. WebGPU: all buffers, the pool's included. Bytes. */
export function heldBytes(): number {
  const backend = tf.backend();
  if (backend instanceof BackendWasm) {
    const host = backend.wasm as unknown as HostModule;
    return (host.wasmMemory ?? host.asm?.memory)?.buffer.byteLength ?? 0;
  }
  const { numBytesAllocatedInGPU } = tf.memory() as { numBytesAllocatedInGPU?: number };
  return numBytesAllocatedInGPU ?? 0;
}
