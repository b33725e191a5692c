/** The cuts that are compared, as the tree paints them: by coupling class, in the colour of their method. */
import { contestantsOf, type Contestant } from '../compare/contestants';
import type { StudioState } from '../studio/state';
import { laneTone } from '../ui/method-style';
import type { Palette } from '../ui/palette';
import { goneClasses } from './kept';
import type { ComparedCut } from './scene';
import type { TreeModel } from './tree-model';

/** Null while nothing is compared, or nothing of it is cut from the open network. Made again only when it changes. */
export function comparedReader(
  model: TreeModel,
  palette: Palette,
): (state: StudioState) => readonly ComparedCut[] | null {
  let last: { readonly key: readonly unknown[]; readonly cuts: readonly ComparedCut[] | null } | null = null;
  return (state) => {
    if (state.view.side !== 'compare') return null;
    const { runs, network, dataset, view } = state;
    const key = [runs, network, dataset, view.ticked];
    if (last === null || key.some((piece, at) => piece !== last?.key[at])) {
      last = { key, cuts: cutsOf(model, palette, contestantsOf(state)) };
    }
    return last.cuts;
  };
}

function cutsOf(model: TreeModel, palette: Palette, contestants: readonly Contestant[]): readonly ComparedCut[] | null {
  const cuts = contestants.slice(1).map(({ removed, method }): ComparedCut => ({
    // A network from elsewhere keeps its lane, so that lanes agree with the numbers in the table.
    gone: goneClasses(model, removed ?? {}),
    colour: palette.colour[laneTone(method)],
  }));
  return cuts.some(({ gone }) => gone.includes(1)) ? cuts : null;
}
