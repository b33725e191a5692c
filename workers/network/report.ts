/** A network in words and numbers: what `espalier inspect` prints. */
import { networkCosts } from './costs';
import { type Graph, isWeighted, type LayerId, type LayerOp, type Network, type Shape } from './graph';
import { channelGroups, describeGroup, lockedLayers } from './groups';
import { treeRows } from './rows';
import { inferShapes } from './shapes';

export interface LayerReport {
  readonly id: LayerId;
  readonly label: string;
  readonly op: LayerOp;
  readonly input: Shape;
  readonly output: Shape;
  /** Output channels or units. */
  readonly width: number;
  readonly macs: number;
  readonly parameters: number;
  /** Why no filter of the layer can be cut; null when some can. */
  readonly locked: string | null;
}

export interface GroupReport {
  readonly id: string;
  readonly size: number;
  readonly layers: readonly LayerId[];
  readonly reason: string;
  readonly locked: string | null;
}

export interface NetworkReport {
  readonly name: string;
  readonly input: Shape;
  readonly classes: number | null;
  readonly macs: number;
  readonly parameters: number;
  readonly widths: readonly number[];
  readonly layers: readonly LayerReport[];
  readonly groups: readonly GroupReport[];
}

function weightedLayers(graph: Graph): readonly LayerReport[] {
  const shapes = inferShapes(graph);
  const costs = networkCosts(graph, shapes);
  const locked = lockedLayers(graph);
  const labels = new Map(treeRows(graph).map((row) => [row.layer, row.label]));
  return graph.layers.filter(isWeighted).map((layer) => {
    const output = shapes.get(layer.id) ?? [0];
    const cost = costs.layers.get(layer.id);
    return {
      id: layer.id,
      label: labels.get(layer.id) ?? layer.id,
      op: layer.op,
      input: shapes.get(layer.inputs[0] ?? '') ?? [0],
      output,
      width: output.at(-1) ?? 0,
      macs: cost?.macs ?? 0,
      parameters: cost?.parameters ?? 0,
      locked: locked.get(layer.id) ?? null,
    };
  });
}

/** Layers, totals and channel groups with their reasons. Throws `NetworkError` when shapes cannot be inferred. */
export function networkReport({ graph, meta }: Network): NetworkReport {
  const { macs, parameters } = networkCosts(graph);
  const layers = weightedLayers(graph);
  const input = graph.layers.find((layer) => layer.op === 'input');
  return {
    name: meta.name,
    input: input?.op === 'input' ? input.shape : [0],
    classes:
      meta.classes?.length ??
      inferShapes(graph)
        .get(graph.outputs[0] ?? '')
        ?.at(-1) ??
      null,
    macs,
    parameters,
    widths: layers.map(({ width }) => width),
    layers,
    groups: channelGroups(graph).map((group) => ({
      id: group.id,
      size: group.size,
      layers: group.members.map(({ layer }) => layer),
      reason: describeGroup(group),
      locked: group.locked ?? null,
    })),
  };
}

function column(texts: readonly string[], align: 'left' | 'right'): readonly string[] {
  const width = Math.max(...texts.map(({ length }) => length));
  return texts.map((text) => (align === 'left' ? text.padEnd(width) : text.padStart(width)));
}

/** The report as text: a table of layers, then the channel groups. */
export function reportText(report: NetworkReport): string {
  const number = (value: number) => value.toLocaleString('en');
  const columns = [
    column(['layer', ...report.layers.map(({ id }) => id)], 'left'),
    column(['op', ...report.layers.map(({ op }) => op)], 'left'),
    column(['input', ...report.layers.map(({ input }) => input.join('x'))], 'right'),
    column(['output', ...report.layers.map(({ output }) => output.join('x'))], 'right'),
    column(['multiply-adds', ...report.layers.map(({ macs }) => number(macs))], 'right'),
    column(['parameters', ...report.layers.map(({ parameters }) => number(parameters))], 'right'),
    ['', ...report.layers.map(({ locked }) => (locked === null ? '' : `locked: ${locked}`))],
  ];
  const rows = (columns[0] ?? []).map((_, row) =>
    columns
      .map((cells) => cells[row])
      .join('  ')
      .trimEnd(),
  );
  const title = `${report.name}: ${number(report.macs)} multiply-adds, ${number(report.parameters)} parameters`;
  return [
    title,
    '',
    ...rows,
    '',
    `${report.groups.length} channel groups`,
    ...report.groups.map(({ reason }) => reason),
  ].join('\n');
}
