/**
 * What the tree draws of a network: rows, stages, the trunk, and which channels every row's cost depends on.
 *
 * Pure data, made once per network. What a plan leaves is in `kept.ts`, colours and order in `importance.ts`.
 */
import { couplingOf } from '../../workers/network/coupling';
import { isWeighted, type Graph, type Layer, type LayerId } from '../../workers/network/graph';
import { lockedLayers } from '../../workers/network/groups';
import { treeRows, type Row, type RowRole } from '../../workers/network/rows';
import { inferShapes } from '../../workers/network/shapes';
import type { OpenedNetwork } from '../studio/state';

/**
 * How a row hangs on the trunk: `leave` reads it, `chain` goes on from the row above, `return` writes to it, `cross`
 * does both, `shortcut` joins two stretches of it, `gate` computes a factor.
 */
export type Joint = 'leave' | 'chain' | 'return' | 'cross' | 'shortcut' | 'gate';

/** A coupling class per channel: channels of one class are kept or cut together. */
export type Classes = Int32Array;

export interface TreeRow {
  readonly layer: LayerId;
  readonly label: string;
  readonly role: RowRole;
  readonly joint: Joint;
  /** Index into `stages`; null for stem and classifier. */
  readonly stage: number | null;
  /** Its filters are added to others': a knot on the trunk. */
  readonly tied: boolean;
  readonly filters: number;
  readonly macs: number;
  /** Numbers in the kernel. */
  readonly weights: number;
  /** Classes of its filters. */
  readonly output: Classes;
  /** Classes its cost shrinks with, besides its own filters; null for depthwise kernels, which have no inputs to lose. */
  readonly input: Classes | null;
  /** Why it can lose no filter; null when it can. */
  readonly locked: string | null;
  /** "3 × 3 conv, 16 to 32 channels, 16 × 16". */
  readonly description: string;
  /** Where cells are singular directions instead of filters. */
  readonly directions?: Directions | undefined;
}

/** The singular values of a layer's kernel, and what a pair in its place costs for each rank. */
export interface Directions {
  readonly values: Float32Array;
  readonly macs: number;
  readonly weights: number;
}

export interface TreeStage {
  readonly title: string;
  readonly size: string;
  readonly first: number;
  /** Inclusive. */
  readonly last: number;
  /** A row whose filters are the stage's stream; null where nothing is tied. */
  readonly stream: number | null;
}

/** A stretch of the trunk: from row `from` (the image when -1) down to row `to`. */
export interface TrunkStretch {
  readonly from: number;
  readonly to: number;
  /** Distinct channel classes on it. */
  readonly classes: readonly number[];
}

export interface TreeModel {
  readonly rows: readonly TreeRow[];
  readonly stages: readonly TreeStage[];
  readonly trunk: readonly TrunkStretch[];
  /** Number of channel classes in the network. */
  readonly classes: number;
  /** Classes of every layer's output: where a plan's channels are looked up. */
  readonly classesOf: ReadonlyMap<LayerId, Classes>;
  /** "image 32 × 32, 3 channels". */
  readonly image: string;
}

/** `look`: of a network that looks again, whose rows are drawn; the last when absent. */
export function treeModel({ view: { graph }, costs }: Pick<OpenedNetwork, 'view' | 'costs'>, look?: number): TreeModel {
  const coupling = couplingOf(graph);
  const shapes = inferShapes(graph);
  const locked = lockedLayers(graph);
  const layers = new Map(graph.layers.map((layer) => [layer.id, layer]));
  const drawn = treeRows(graph, look);
  const position = new Map(drawn.map(({ layer }, index) => [layer, index]));
  const stageStarts = stagesOf(drawn);

  const rows = drawn.map((row): TreeRow => {
    const layer = layers.get(row.layer);
    const from = layer?.inputs[0] ?? '';
    const output = coupling.classes.get(row.layer) ?? new Int32Array();
    const input = coupling.classes.get(from) ?? new Int32Array();
    const pixels = (shapes.get(row.layer) ?? []).slice(0, -1).reduce((product, side) => product * side, 1);
    const macs = costs.get(row.layer)?.macs ?? 0;
    return {
      layer: row.layer,
      label: row.label,
      role: row.role,
      joint: jointOf(row, layer, layers, drawn, position),
      stage: stageStarts.findIndex(({ title }) => title === row.stage?.title),
      tied: row.stream,
      filters: output.length,
      macs,
      weights: macs / pixels,
      output,
      input: layer !== undefined && mixesChannels(layer, input.length) ? input : null,
      locked: locked.get(row.layer) ?? null,
      description: describe(layer, input.length, output.length, shapes.get(row.layer) ?? []),
    };
  });

  return {
    rows: rows.map((row) => (row.stage === -1 ? { ...row, stage: null } : row)),
    stages: stageStarts.map((stage) => {
      const stream = rows.findIndex((row, index) => row.tied && index >= stage.first && index <= stage.last);
      return { ...stage, stream: stream < 0 ? null : stream };
    }),
    trunk: trunkOf(rows, layers, coupling.classes),
    classes: coupling.count,
    classesOf: coupling.classes,
    image: imageOf(graph),
  };
}

/** Runs of rows that share a stage. Rows without one (stem, classifier) stand outside. */
function stagesOf(rows: readonly Row[]): readonly Omit<TreeStage, 'stream'>[] {
  const stages: { title: string; size: string; first: number; last: number }[] = [];
  rows.forEach(({ stage }, index) => {
    if (stage === null) return;
    const open = stages.find(({ title }) => title === stage.title);
    if (open === undefined) stages.push({ title: stage.title, size: stage.size, first: index, last: index });
    else open.last = index;
  });
  return stages;
}

function jointOf(
  row: Row,
  layer: Layer | undefined,
  layers: ReadonlyMap<LayerId, Layer>,
  rows: readonly Row[],
  position: ReadonlyMap<LayerId, number>,
): Joint {
  const source = sourceOf(layer, layers);
  const above = source === null ? undefined : rows[position.get(source) ?? -1];
  const continues = above?.role === 'a';
  switch (row.role) {
    case 'a':
      return continues ? 'chain' : 'leave';
    case 'b':
      return continues ? 'return' : 'cross';
    case 'projection':
      return 'shortcut';
    case 'gate':
    case 'branch':
      return 'gate';
    case 'stem':
    case 'plain':
    case 'classifier':
      return 'cross';
  }
}

/** The weighted layer whose filters reach this layer unmerged; null where several ways meet. */
function sourceOf(layer: Layer | undefined, layers: ReadonlyMap<LayerId, Layer>): LayerId | null {
  let at = layers.get(layer?.inputs[0] ?? '');
  while (at !== undefined) {
    if (isWeighted(at)) return at.id;
    if (at.op === 'add' || at.op === 'concat' || at.op === 'opaque') return null;
    at = layers.get(at.inputs[0] ?? '');
  }
  return null;
}

/** Whether a layer's cost shrinks with its inputs: every convolution but a depthwise one. */
function mixesChannels(layer: Layer, inputs: number): boolean {
  if (layer.op === 'dense' || layer.op === 'convTranspose') return true;
  return layer.op === 'conv' && (layer.groups === 1 || inputs > layer.groups);
}

/**
 * The trunk changes its width where it was first written to since it was last read; down to the next reader it carries
 * what that one reads.
 */
function trunkOf(
  rows: readonly TreeRow[],
  layers: ReadonlyMap<LayerId, Layer>,
  classes: ReadonlyMap<LayerId, Classes>,
): readonly TrunkStretch[] {
  const stretches: TrunkStretch[] = [];
  let from = -1;
  let wasRead = false;
  rows.forEach((row, index) => {
    if (row.joint === 'leave' || row.joint === 'cross') {
      if (stretches.at(-1)?.from === from) stretches.pop();
      const input = layers.get(row.layer)?.inputs[0] ?? '';
      stretches.push({ from, to: index, classes: [...new Set(classes.get(input))] });
      wasRead = true;
    }
    if (wasRead && (row.joint === 'return' || row.joint === 'cross' || row.joint === 'shortcut')) {
      from = index;
      wasRead = false;
    }
  });
  const last = rows[from];
  if (last !== undefined && from < rows.length - 1 && stretches.at(-1)?.from !== from) {
    stretches.push({ from, to: rows.length - 1, classes: [...new Set(last.output)] });
  }
  return stretches;
}

function describe(layer: Layer | undefined, inputs: number, outputs: number, shape: readonly number[]): string {
  const place = shape.length === 3 ? `, ${shape[0]} × ${shape[1]}` : '';
  switch (layer?.op) {
    case 'conv':
      return `${layer.kernelSize[0]} × ${layer.kernelSize[1]} conv, ${inputs} to ${outputs} channels${place}`;
    case 'convTranspose':
      return `${layer.kernelSize[0]} × ${layer.kernelSize[1]} transposed conv, ${inputs} to ${outputs} channels${place}`;
    case 'depthwise':
      return `${layer.kernelSize[0]} × ${layer.kernelSize[1]} depthwise conv, ${outputs} channels${place}`;
    default:
      return `dense, ${inputs} to ${outputs} features`;
  }
}

function imageOf(graph: Graph): string {
  const input = graph.layers.find((layer) => layer.op === 'input');
  if (input?.op !== 'input') return '';
  const [height, width, channels] = input.shape;
  return channels === undefined ? `${height} features` : `image ${height} × ${width}, ${channels} channels`;
}
