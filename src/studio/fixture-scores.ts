/** Made-up but plausible importances and accuracies for component tests. No figure of these is ever shipped. */
import type { FilterScores } from '../../workers/network/plan';
import { isWeighted, type Graph, type Layer } from '../../workers/network/graph';
import { eligibleLayers, fullRank, type Scheme } from '../../workers/network/low-rank';
import type { KernelSpectrum, Spectra } from '../../workers/network/rank-plan';
import { inferShapes } from '../../workers/network/shapes';
import { channelGroups } from '../../workers/network/groups';

/** Normally distributed numbers from a seed, by a linear congruence and Box-Muller: the fixture stands on no engine code. */
export function fixtureNormal(seed: number): () => number {
  let state = (seed * 2_654_435_761) >>> 0;
  const uniform = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** Log-normal importances; tied filters resemble each other, as they do in trained networks. */
export function fixtureScores(graph: Graph, seed: number): FilterScores {
  const normal = fixtureNormal(seed);
  const shared = new Map<string, number>();
  for (const group of channelGroups(graph)) {
    for (let unit = 0; unit < group.size; unit += 1) {
      const together = group.members.length > 1 ? 0.5 * normal() : 0;
      for (const { layer, channels } of group.members) {
        for (const channel of channels[unit] ?? []) shared.set(`${layer}/${channel}`, together);
      }
    }
  }
  const layers = graph.layers.filter(isWeighted);
  return Object.fromEntries(
    layers.map((layer, depth) => [
      layer.id,
      Float32Array.from({ length: filtersOf(layer, graph) }, (_, channel) => {
        const together = shared.get(`${layer.id}/${channel}`) ?? 0;
        return Math.exp(0.2 - (0.3 * depth) / layers.length + together + (together === 0 ? 0.65 : 0.3) * normal());
      }),
    ]),
  );
}

function filtersOf(layer: Layer, graph: Graph): number {
  if ('filters' in layer) return layer.filters;
  if (layer.op === 'dense') return layer.units;
  const input = graph.layers.find(({ id }) => id === layer.inputs[0]);
  return input === undefined ? 0 : filtersOf(input, graph);
}

/** Falling spectra with a tail, as trained kernels have them. */
export function fixtureSpectra(graph: Graph, scheme: Scheme): Spectra {
  const shapes = inferShapes(graph);
  const kernels = eligibleLayers(graph).map((layer, depth): KernelSpectrum => {
    const full = fullRank(layer, shapes.get(layer.inputs[0] ?? '')?.at(-1) ?? 1, scheme);
    const normal = fixtureNormal(depth + 1);
    const steepness = 2.6 + 1.2 * Math.abs(normal());
    const values = Float32Array.from(
      { length: full },
      (_, at) => 1.4 * (Math.exp((-steepness * at) / full) * (1 + 0.05 * normal()) + 0.01),
    );
    return { layers: [layer.id], values: values.sort().reverse() };
  });
  return { scheme, kernels };
}

/** A falling curve in the share kept: right at the cut, and recalibrated. */
export function fixtureAccuracy(share: number): { readonly accuracy: number; readonly recalibrated: number } {
  const fall = (steepness: number) => 0.1 + 0.868 / (1 + Math.exp(-steepness * (share - 0.46)));
  return { accuracy: share >= 1 ? 0.968 : fall(9), recalibrated: share >= 1 ? 0.968 : fall(16) };
}
