/** Nodes that were not understood, put back as their file had them, between operators of our own. */
import type { Graph, LayerId, OpaqueLayer, Shape } from '../../network/graph';
import { FormatError } from '../format-error';
import { type Carried, carriedNode, carriedText, changedSince, type Seen } from './carried';
import type { Sheet } from './sheet';
import { channelsFirst, dimsOf } from './view';

export class CarriedWriter {
  /** What nodes that are written already gave their outputs for names: one node may be several layers. */
  private readonly written = new Map<string, readonly string[]>();
  private readonly sets = new Map<string, number>();

  constructor(
    private readonly sheet: Sheet,
    private readonly graph: Graph,
    /** The network's name, for errors. */
    private readonly title: string,
    /** The standard operator set that everything else is written by. */
    private readonly opset: number,
  ) {}

  /** Operator sets that the written nodes need, by domain. */
  get imports(): ReadonlyMap<string, number> {
    return new Map([['', this.opset], ...this.sets]);
  }

  /**
   * Writes the node behind `layer`, fed with `inputs` (NCHW, of `shapes`), and answers its value, NCHW again. Throws
   * `FormatError` naming the node where it cannot be carried over.
   */
  write(layer: OpaqueLayer, inputs: readonly string[], shapes: readonly Shape[]): string {
    const carried = this.checked(layer);
    const key = `${carriedText({ ...carried, output: 0, seen: { atoms: [], axes: [] }, isFloat: true })} ${inputs.join()}`;
    const names = this.written.get(key) ?? this.node(carried, layer.id, inputs, shapes);
    this.written.set(key, names);
    return this.returned(names[carried.output] ?? '', carried.seen, layer);
  }

  private checked(layer: OpaqueLayer): Carried {
    const refuse = (why: string): FormatError => {
      const problem = `Layer "${layer.id}" (${layer.operator}) was not understood when the network was opened, and ${why}.`;
      return new FormatError('unsupported', problem, this.title, layer.id);
    };
    const carried = layer.payload === undefined ? undefined : carriedNode(layer.payload);
    if (carried === undefined) throw refuse('there is nothing of it that an ONNX file could hold');
    const { opset, domain, version, isFloat } = carried;
    const change = changedSince(carried, this.opset);
    if (change !== undefined) {
      throw refuse(`operator set ${change} changed what it means; export the original with operator set 18 or newer`);
    }
    const readers = this.graph.layers.filter(({ inputs }) => inputs.includes(layer.id));
    if (!isFloat && (this.graph.outputs.includes(layer.id) || readers.some(({ op }) => op !== 'opaque'))) {
      throw refuse('it gives whole numbers, which only nodes carried over as they were can take');
    }
    if (domain === '') this.sets.set('', Math.max(this.opset, opset));
    else this.sets.set(domain, version);
    return carried;
  }

  private node(carried: Carried, id: LayerId, inputs: readonly string[], shapes: readonly Shape[]): readonly string[] {
    let next = 0;
    const fed = carried.inputs.map((input) => {
      if ('absent' in input) return '';
      if ('constant' in input) return this.sheet.tensor(`${id}.constant`, input.constant);
      const at = next++;
      return this.seen(inputs[at] ?? '', input.seen, `${id}.in${next}`, shapes[at] ?? [1]);
    });
    const names = carried.node.output.map((name) => (name === '' ? '' : this.sheet.name(id)));
    this.sheet.carry(carried.node, id, fed, names);
    return names;
  }

  /** From a layer's value to the tensor that the file's node read. */
  private seen(value: string, view: Seen, wish: string, shape: Shape): string {
    if (isPlain(view, shape)) return value;
    const order = view.axes.flat();
    const rows = this.turned(value, shape.length === 3 ? [2, 3, 1] : [1], `${wish}.rows`);
    const split = this.reshaped(rows, view.atoms, `${wish}.split`);
    const turned = this.turned(
      split,
      order.map((atom) => atom + 1),
      `${wish}.turned`,
    );
    return this.reshaped(turned, dimsOf({ layer: wish, ...view }), wish);
  }

  /** From the tensor that the file's node writes to the layer's value. */
  private returned(value: string, view: Seen, { id, shape }: OpaqueLayer): string {
    if (isPlain(view, shape)) return value;
    const order = view.axes.flat();
    const sizes = order.map((atom) => view.atoms[atom] ?? 1);
    const split = this.reshaped(value, sizes, `${id}.out.split`);
    const turned = this.turned(
      split,
      order.map((_, atom) => order.indexOf(atom) + 1),
      `${id}.out.turned`,
    );
    const rows = this.reshaped(turned, shape, `${id}.out.rows`);
    return this.turned(rows, shape.length === 3 ? [3, 1, 2] : [1], `${id}.out`);
  }

  /** Axes behind the batch in another order. */
  private turned(value: string, order: readonly number[], wish: string): string {
    if (order.every((axis, at) => axis === at + 1)) return value;
    return this.sheet.node('Transpose', [value], wish, { perm: [0, ...order] });
  }

  private reshaped(value: string, dims: readonly number[], wish: string): string {
    return this.sheet.node('Reshape', [value, this.sheet.whole(`${wish}.shape`, [0, ...dims])], wish);
  }
}

/** Whether the file sees a layer as our operators write it. */
function isPlain({ atoms, axes }: Seen, shape: Shape): boolean {
  const plain = channelsFirst('', shape);
  return plain.atoms.join() === atoms.join() && plain.axes.map(String).join(';') === axes.map(String).join(';');
}
