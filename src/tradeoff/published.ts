/**
 * What papers report of their own networks: cited on the chart beside what was measured here, and never part of it. Neither the
 * front nor an estimate knows these points. Only figures that were read in the authors' own texts or code, or that a later
 * publication quotes, are here.
 */
import { networkCosts } from '../../workers/network/costs';
import type { Graph } from '../../workers/network/graph';
import { buildZooGraph, type Architecture } from '../../workers/network/zoo';
import type { DatasetView } from '../../workers/protocol';
import type { Placed } from '../studio/accuracy-curve';

/** `x`, `y` in %: multiply-adds of convolutions kept, accuracy on the 10,000 test images of CIFAR-10. */
export interface PublishedPoint extends Placed {
  readonly id: string;
  readonly method: string;
  /** "spatial": which of the method's results. */
  readonly variant: string;
  /** The authors' network before, in %. */
  readonly original: number;
  readonly source: string;
}

type Row = Omit<PublishedPoint, 'id'>;

const authorsOfTrp = 'Xu et al., TRP, 2020: the repository of the authors';

function trp(
  original: number,
  results: readonly (readonly [variant: string, speedUp: number, accuracy: number])[],
): Row[] {
  return results.map(([variant, speedUp, y]) => {
    return { method: 'trp', variant, x: 100 / speedUp, y, original, source: authorsOfTrp };
  });
}

const rows: Partial<Record<Architecture, readonly Row[]>> = {
  resnet20: trp(91.74, [
    ['channel', 2.17, 90.5],
    ['spatial', 2.84, 90.62],
    ['network decoupling', 2.04, 90.88],
  ]),
  resnet32: trp(92.26, [
    ['channel', 2.2, 91.4],
    ['spatial', 3.4, 91.39],
  ]),
  resnet56: [
    {
      method: 'trp',
      variant: '',
      x: 100 / 2.31,
      y: 92.77,
      original: 93.14,
      source: 'Xu et al., TRP, 2020, as quoted by Liebenwein et al., 2021',
    },
    {
      method: 'csgd',
      variant: '',
      x: 100 - 60.85,
      y: 93.44,
      original: 93.39,
      source: 'Ding et al., Centripetal SGD, 2019, as quoted by later papers',
    },
  ],
};

/** Published results for the open network, where it is one of the papers' and CIFAR-10 is the data; else none. */
export function publishedFor(graph: Graph, dataset: Pick<DatasetView, 'source'> | null): readonly PublishedPoint[] {
  if (dataset?.source.source !== 'cifar10') return [];
  const { macs, parameters } = networkCosts(graph);
  for (const [architecture, own = []] of Object.entries(rows)) {
    const matches = (['identity', 'projection'] as const).some((shortcut) => {
      const costs = networkCosts(buildZooGraph({ architecture: architecture as Architecture, shortcut }));
      return costs.macs === macs && costs.parameters === parameters;
    });
    if (matches) return own.map((row) => ({ ...row, id: `published ${row.method} ${row.variant}` }));
  }
  return [];
}
