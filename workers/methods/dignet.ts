import { gatingMethod } from './gating';

/**
 * Distributed iterative gating: as RIGNet, but the feedback comes down level by level, and each level decides what of it
 * passes on (Karim, Islam, Bruce 2020). The cascade and its propagator gates are the paper's; the formulas are
 * reconstructed: docs/methods/dignet.md.
 */
export const dignet = gatingMethod({
  id: 'dignet',
  title: 'DIGNet',
  citation:
    'R. Karim, M. A. Islam, N. D. B. Bruce. Distributed Iterative Gating Networks for Semantic Segmentation. WACV 2020',
  summary:
    'Looks again instead of deeper: feedback comes down in a cascade, and each stage gates what the next look reads.',
});
