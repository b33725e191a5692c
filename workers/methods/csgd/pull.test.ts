import { createExecutor } from '../../compute/runtime';
import { testLaws } from './laws';

testLaws(() => createExecutor({ device: 'wasm' }), { slow: false });
