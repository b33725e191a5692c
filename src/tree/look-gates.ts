/** Gates of a network that looks again, on its tree: each channel by its mean gate in the image that is looked at. */
import type { Graph } from '../../workers/network/graph';
import { unrolledPasses } from '../../workers/network/unrolled';
import type { ImageLooks } from '../../workers/protocol';
import { keepsAll, presentMethod } from '../studio/methods';
import type { FilterOrder, StudioState } from '../studio/state';
import { gateSpan } from '../ui/gate-span';
import { rampStop } from '../ui/palette';
import { importancesBy } from './gates';
import type { RowImportance } from './importance';
import type { TreeModel } from './tree-model';

/** What is looked at, while the tree has nothing to cut: it then shows gates. */
export function gatesSeen(state: StudioState): ImageLooks | null {
  const { seen } = state.looks;
  if (seen === null || !keepsAll(presentMethod(state))) return null;
  return seen.passes.some(({ gates }) => gates.length > 0) ? seen : null;
}

/** Colours by the mean gate of every channel at `look`; the first look has none. */
export function lookImportances(
  model: TreeModel,
  graph: Graph,
  seen: ImageLooks,
  look: number,
  order: FilterOrder,
): readonly RowImportance[] {
  const means = new Float32Array(model.classes).fill(NaN);
  const gates = seen.passes[look - 1]?.gates ?? [];
  for (const { stage, features } of unrolledPasses(graph)?.[look - 1]?.gates ?? []) {
    const channels = gates.find((gate) => gate.stage === stage)?.channels;
    if (channels === undefined) continue;
    model.classesOf.get(features)?.forEach((own, channel) => {
      means[own] = channels[channel % channels.length] ?? NaN;
    });
  }
  const [low, high] = gateSpan(
    seen.passes.flatMap((pass) => pass.gates.map((gate) => gate.channels)),
    1,
  );
  return importancesBy(model, means, (value) => rampStop((value - low) / (high - low)), order);
}
