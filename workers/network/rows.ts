/**
 * The network as rows of a tree: label, stage and role of every weighted layer.
 *
 * Read from the structure (what is added to what, where sizes change), never from names, so that any opened network
 * can be drawn. A layer whose place has no short name is labelled with its id.
 */
import { factorPairs } from './factor-pairs';
import { type Graph, type Layer, type LayerId, type Shape, isWeighted } from './graph';
import { inferShapes } from './shapes';
import { nameInPass, passOf, unrolledPasses, withPassesGraph } from './unrolled';
import { type Block, dataInputs, dataPath, trunkSteps } from './trunk';

/**
 * `stem`: first layer of a network with blocks; `a`: on a block's branch; `b`: last on the branch, returns to the
 * trunk; `projection`: alone on a block's shortcut; `plain`: on the trunk itself; `gate`: computes a factor of a
 * multiply; `branch`: any other way through a block, or a hidden layer of one of several heads; `classifier`: the last
 * weighted layer before an output.
 */
export type RowRole = 'stem' | 'a' | 'b' | 'projection' | 'plain' | 'gate' | 'branch' | 'classifier';

/** Consecutive rows of one spatial size. */
export interface RowStage {
  /** From 0. */
  readonly index: number;
  /** "Stage 1" */
  readonly title: string;
  /** "32 × 32" */
  readonly size: string;
}

export interface Row {
  readonly layer: LayerId;
  /** "stem", "1.1 a", "2.1 p", "classifier", or the id. */
  readonly label: string;
  readonly role: RowRole;
  /** Absent for the stem and for layers without a spatial size. */
  readonly stage: RowStage | null;
  /** Its filters are added to others' (residual stream), so they can only be cut together with them. */
  readonly stream: boolean;
}

/**
 * One row per weighted layer, in forward order. Of a network that looks again, the rows of one pass (from 1, the last when
 * absent): passes share their kernels. Throws `NetworkError` when shapes cannot be inferred.
 */
export function treeRows(graph: Graph, pass?: number): readonly Row[] {
  const passes = unrolledPasses(graph)?.length ?? 1;
  return passes > 1 ? passRows(graph, Math.min(pass ?? passes, passes)) : rowsOfOnePass(graph);
}

function rowsOfOnePass(graph: Graph): readonly Row[] {
  const shapes = inferShapes(graph);
  // The two halves of a decomposed convolution stand in one place, so that labels stay what they were before.
  const { secondOf, skeleton } = factorPairs(graph);
  const places = new Map<LayerId, Place>();
  const stages: RowStage[] = [];
  let ordinal = 0;
  for (const unit of readUnits(skeleton)) {
    const size = sizeText(shapes.get(unit.main.at(-1)?.layer ?? ''));
    if (size === null || !unit.numbered) {
      placeUnit(unit, null, 0, places);
      continue;
    }
    let stage = stages.at(-1);
    if (stage?.size !== size) {
      stage = { index: stages.length, title: `Stage ${stages.length + 1}`, size };
      stages.push(stage);
      ordinal = 0;
    }
    ordinal += 1;
    placeUnit(unit, stage, ordinal, places);
  }
  const streams = streamWriters(graph, shapes);
  const onPath = new Set(dataPath(skeleton).map((layer) => layer.id));
  const final = finalLayers(skeleton);
  const seconds = new Set(secondOf.values());
  let previousStage: RowStage | null = null;
  return graph.layers.filter(isWeighted).map(({ id }): Row => {
    const whole = secondOf.get(id) ?? id;
    // In no unit: one of several heads, or a gate, which belongs to the stage where it stands.
    const fallback = final.has(whole) ? 'classifier' : onPath.has(whole) ? 'branch' : 'gate';
    const stage = fallback === 'gate' ? previousStage : null;
    const place = places.get(whole) ?? { label: whole, role: fallback, stage };
    previousStage = place.stage;
    const isFirst = whole !== id;
    const named = place.label !== whole;
    const suffix = isFirst ? '.1' : seconds.has(id) ? '.2' : '';
    const label = named ? place.label + suffix : id;
    // Only the second half returns to the trunk.
    const role = isFirst && place.role === 'b' ? 'a' : place.role;
    return { layer: id, label, role, stage: place.stage, stream: streams.has(id) };
  });
}

/** The feed-forward rows under the names of `pass`, and before each stage the convolutions that make its gate. */
function passRows(graph: Graph, pass: number): readonly Row[] {
  const shapes = inferShapes(graph);
  const known = new Map(rowsOfOnePass(withPassesGraph(graph, 1)).map((row) => [nameInPass(row.layer), row]));
  const stageOf = (name: string, id: LayerId): RowStage | null => {
    const number = Number(/^stage(\d+)\./.exec(name)?.[1]);
    const size = sizeText(shapes.get(id));
    return Number.isNaN(number) || size === null ? null : { index: number - 1, title: `Stage ${number}`, size };
  };
  /** Gates stand with the stage that reads them, whatever their own size. */
  const sizes = new Map<number, RowStage>();
  const own = graph.layers.filter((layer) => isWeighted(layer) && (passOf(layer.id) ?? pass) === pass);
  for (const { id } of own) {
    const stage = known.has(nameInPass(id)) ? stageOf(nameInPass(id), id) : null;
    if (stage !== null) sizes.set(stage.index, stage);
  }
  const rows = own.map(({ id }): Row => {
    const name = nameInPass(id);
    const row = known.get(name);
    const stage = stageOf(name, id);
    const placed = stage === null ? null : (sizes.get(stage.index) ?? stage);
    if (row === undefined) {
      const label = name
        .replace(/^stage(\d+)\.(\w+)\.conv/, '$1 $2')
        .replace(/^stage(\d+)\.(\w+)\.depthwise/, '$1 $2 taps');
      return { layer: id, label, role: 'gate', stage: placed, stream: false };
    }
    const plain = /^stage(\d+)\.conv(\d+)(\.[01])?$/.exec(name);
    const half = plain?.[3] === undefined ? '' : `.${Number(plain[3].slice(1)) + 1}`;
    const label = plain === null ? row.label : `${plain[1]}.${plain[2]}${half}`;
    if (name === 'stem' || name === 'head') {
      return { ...row, layer: id, label: name, role: name === 'stem' ? 'stem' : 'classifier', stage: null };
    }
    return { ...row, layer: id, label, stage: placed };
  });
  // The lane down runs before the stages: each of its gates stands with the stage it belongs to.
  const placeOf = ({ role, stage }: Row): number => stage?.index ?? (role === 'stem' ? -1 : Infinity);
  return rows.toSorted((a, b) => (placeOf(a) === placeOf(b) ? 0 : placeOf(a) - placeOf(b)));
}

type Place = Pick<Row, 'label' | 'role' | 'stage'>;

interface Entry {
  readonly layer: LayerId;
  readonly role: RowRole;
}

/** Layers that are numbered together: a block, a separable triple, or a single layer. */
interface Unit {
  readonly main: Entry[];
  readonly block: Block | null;
  /** False for stem and classifier, which have names instead. */
  readonly numbered: boolean;
}

function readUnits(graph: Graph): readonly Unit[] {
  const layers = new Map(graph.layers.map((layer) => [layer.id, layer]));
  const steps = trunkSteps(graph);
  const final = finalLayers(graph);
  const hasBlocks = steps.some((step) => step.kind === 'block');
  const units: Unit[] = [];
  /** The trunk unit a depthwise convolution or the pointwise one after it may still join. */
  let open: { readonly unit: Unit; readonly depthwise: boolean } | null = null;
  for (const [index, step] of steps.entries()) {
    if (step.kind === 'block') {
      const last = step.block.main.length - 1;
      const main = step.block.main.map((layer, at): Entry => ({ layer, role: at === last ? 'b' : 'a' }));
      units.push({ main, block: step.block, numbered: true });
      open = null;
      continue;
    }
    const name = hasBlocks && index === 0 ? 'stem' : final.has(step.layer) ? 'classifier' : null;
    const depthwise = layers.get(step.layer)?.op === 'depthwise';
    const entry: Entry = { layer: step.layer, role: name ?? 'plain' };
    if (name === null && open !== null && depthwise !== open.depthwise) {
      open.unit.main.push(entry);
      open = depthwise ? { unit: open.unit, depthwise } : null;
      continue;
    }
    const unit: Unit = { main: [entry], block: null, numbered: name === null };
    units.push(unit);
    open = name === null ? { unit, depthwise } : null;
  }
  return units;
}

function placeUnit(unit: Unit, stage: RowStage | null, ordinal: number, places: Map<LayerId, Place>): void {
  const number = stage === null ? null : `${stage.index + 1}.${ordinal}`;
  const single = unit.main.length === 1;
  unit.main.forEach(({ layer, role }, at) => {
    const named = unit.numbered ? null : role;
    const letter = String.fromCharCode('a'.charCodeAt(0) + at);
    const numbered = number === null ? layer : single ? number : `${number} ${letter}`;
    places.set(layer, { label: named ?? numbered, role, stage });
  });
  const { block } = unit;
  if (block === null) return;
  // Alone beside a longer branch, it can only be the shortcut.
  const isProjection = block.aside.length === 1 && block.main.length > 1;
  for (const layer of block.aside) {
    const label = isProjection && number !== null ? `${number} p` : layer;
    places.set(layer, { label, role: isProjection ? 'projection' : 'branch', stage });
  }
}

/** Weighted layers with no other between them and an output. */
function finalLayers(graph: Graph): ReadonlySet<LayerId> {
  const found = new Set<LayerId>();
  const reaching = new Set(graph.outputs);
  for (const layer of graph.layers.toReversed()) {
    if (!reaching.has(layer.id)) continue;
    if (isWeighted(layer)) found.add(layer.id);
    else for (const input of dataInputs(layer)) reaching.add(input);
  }
  return found;
}

/** Weighted layers whose channels reach an `add` unmixed. */
function streamWriters(graph: Graph, shapes: ReadonlyMap<LayerId, Shape>): ReadonlySet<LayerId> {
  const found = new Set<LayerId>();
  const reaching = new Set<LayerId>();
  for (const layer of graph.layers.toReversed()) {
    if (isWeighted(layer)) {
      if (reaching.has(layer.id)) found.add(layer.id);
    } else if (layer.op === 'add' || (reaching.has(layer.id) && keepsChannels(layer, shapes))) {
      for (const input of dataInputs(layer)) reaching.add(input);
    }
  }
  return found;
}

function keepsChannels(layer: Layer, shapes: ReadonlyMap<LayerId, Shape>): boolean {
  switch (layer.op) {
    case 'concat':
      return layer.axis === 'height' || layer.axis === 'width';
    case 'reshape':
      return layer.shape.at(-1) === shapes.get(layer.inputs[0] ?? '')?.at(-1);
    case 'flatten':
    case 'opaque':
      return false;
    default:
      return true;
  }
}

function sizeText(shape: Shape | undefined): string | null {
  return shape?.length === 3 ? `${shape[0]} × ${shape[1]}` : null;
}
