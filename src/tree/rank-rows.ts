/**
 * The tree of a method that truncates: a cell is a singular direction of the layer's kernel, strongest first, and what
 * is cut is the tail behind the rank.
 */
import type { Graph } from '../../workers/network/graph';
import { pairMacs, pairWeights } from '../../workers/network/low-rank';
import type { Spectra } from '../../workers/network/rank-plan';
import { channelsOf, inferShapes } from '../../workers/network/shapes';
import type { PlannedTruncation } from '../studio/state';
import { rampStop } from '../ui/palette';
import type { RowImportance } from './importance';
import type { KeptRow, KeptTree } from './kept';
import type { Directions, TreeModel, TreeRow } from './tree-model';

const stayingWhole = 'Stays whole: only convolutions with a window, behind the first one, are split.';

/** `model` with directions for cells, where a kernel has some. Nothing is tied: ranks of different layers are free. */
export function rankModel(model: TreeModel, graph: Graph, { scheme, kernels }: Spectra): TreeModel {
  const shapes = inferShapes(graph);
  const layers = new Map(graph.layers.map((layer) => [layer.id, layer]));
  const spectra = new Map(kernels.flatMap(({ layers: users, values }) => users.map((layer) => [layer, values])));
  const rows = model.rows.map((row): TreeRow => {
    const values = spectra.get(row.layer);
    const layer = layers.get(row.layer);
    const plain = { ...row, tied: false, output: classless(row.filters), input: null };
    if (values === undefined || layer?.op !== 'conv') return { ...plain, locked: stayingWhole };
    const input = shapes.get(layer.inputs[0] ?? '') ?? ([1] as const);
    const directions: Directions = {
      values,
      macs: pairMacs(layer, input, scheme, 1),
      weights: pairWeights(layer, channelsOf(input), scheme, 1),
    };
    return { ...plain, filters: values.length, output: classless(values.length), locked: null, directions };
  });
  const stages = model.stages.map((stage) => ({ ...stage, stream: null }));
  return { ...model, rows, stages, classesOf: new Map() };
}

/** Cells that belong to no coupling class. */
const classless = (count: number): Int32Array => new Int32Array(count).fill(-1);

/** What a truncation leaves of every row. Runs on every frame of a drag. */
export function keptRanks(model: TreeModel, { ranks }: Pick<PlannedTruncation, 'ranks'>): KeptTree {
  const rows = model.rows.map((row): KeptRow => {
    const rank = ranks[row.layer];
    const { directions } = row;
    if (rank === undefined || directions === undefined) {
      return { cut: new Uint8Array(row.filters), kept: row.filters, macs: row.macs, weights: row.weights };
    }
    return {
      cut: new Uint8Array(row.filters).fill(1, rank),
      kept: rank,
      macs: rank * directions.macs,
      weights: rank * directions.weights,
    };
  });
  return { rows, trunk: model.trunk.map(({ classes }) => classes.length), gone: new Uint8Array(model.classes) };
}

/** Colour by the share of the layer's largest singular value; its root, or the tail would be one grey. */
export function rankImportances(model: TreeModel): readonly RowImportance[] {
  return model.rows.map(({ filters, directions }): RowImportance => {
    const order = Uint16Array.from({ length: filters }, (_, at) => at);
    const largest = directions?.values[0] ?? 0;
    if (directions === undefined || largest === 0) return { order, rank: order, stops: null, relative: null };
    const relative = directions.values.map((value) => value / largest);
    return { order, rank: order, stops: Uint8Array.from(relative, (value) => rampStop(Math.sqrt(value))), relative };
  });
}
