import { describe } from 'vitest';
import { createExecutor } from '../runtime';
import { wasmFiles } from '../wasm-files';
import { passesInvariants } from './passes-invariants';

describe('webgpu', () => passesInvariants(() => createExecutor({ device: 'webgpu', wasmFiles }), 1e-4));
