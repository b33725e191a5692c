import { describe } from 'vitest';
import { createExecutor } from '../runtime';
import { passesInvariants } from './passes-invariants';

describe('wasm', () => passesInvariants(() => createExecutor({ device: 'wasm' })));
