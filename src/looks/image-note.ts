/** Beside the title of the maps: which image they show. */
import type { StudioState } from '../studio/state';
import { formatInteger } from '../ui/format';

/** "validation image 17 of 400; left and right keys move". */
export function imageNote({ looks, dataset }: Pick<StudioState, 'looks' | 'dataset'>): string {
  if (dataset === null) return '';
  return `validation image ${looks.image + 1} of ${formatInteger(dataset.counts.validation)}; left and right keys move`;
}
