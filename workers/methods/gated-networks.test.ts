import { createExecutor } from '../compute/runtime';
import { testGatedNetworks } from './gated-invariants';

/** Segmentation by each lane of feedback, and a classifier with residual stages. */
testGatedNetworks(
  () => createExecutor({ device: 'wasm' }),
  [
    { backbone: 'shallow', passes: 3, routing: 'cascade' },
    { backbone: 'shallow', passes: 2, routing: 'top', feedback: 'logits', kernel: 3 },
    { backbone: 'shallow', passes: 2, propagator: 'feedbackGate', position: 'output' },
    { backbone: 'resnet8', passes: 2, routing: 'cascade' },
  ],
);
