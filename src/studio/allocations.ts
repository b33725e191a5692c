/** How a cut is shared out among layers, in the words of the page. */
import type { CutRules } from '../../workers/network/plan';

export const allocations: readonly { readonly value: CutRules['allocation']; readonly label: string }[] = [
  { value: 'global', label: 'weakest anywhere' },
  { value: 'uniform', label: 'the same share everywhere' },
  { value: 'sensitivity', label: 'by measured sensitivity' },
];
