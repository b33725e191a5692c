import { gatingMethod } from './gating';

/**
 * Recurrent iterative gating: the same network looks several times, and from the second look on every stage's input is
 * multiplied by a gate made of the top features of the look before (Karim, Islam, Bruce 2019). The idea is the paper's; the
 * formulas are reconstructed: docs/methods/rignet.md.
 */
export const rignet = gatingMethod({
  id: 'rignet',
  title: 'RIGNet',
  citation:
    'R. Karim, M. A. Islam, N. D. B. Bruce. Recurrent Iterative Gating Networks for Semantic Segmentation. WACV 2019',
  summary: 'Looks again instead of deeper: the top of one look gates every stage of the next, with the same weights.',
});
