/** One operator of the file, with its attributes by name and kind. */
import type { AttributeProto, GraphProto, NodeProto, TensorProto } from 'onnx-buf';

export class OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  private readonly attributes: ReadonlyMap<string, AttributeProto>;

  constructor(
    private readonly proto: NodeProto,
    /** Version of the operator set it is read by. */
    readonly opset: number,
  ) {
    this.op = proto.opType;
    this.inputs = proto.input;
    this.outputs = proto.output;
    this.attributes = new Map(proto.attribute.map((attribute) => [attribute.name, attribute]));
  }

  get domain(): string {
    return this.proto.domain === 'ai.onnx' ? '' : this.proto.domain;
  }

  /** The message of the file itself. */
  get message(): NodeProto {
    return this.proto;
  }

  /** Whether it holds graphs, which read values of the graph around it. */
  get holdsGraphs(): boolean {
    return this.proto.attribute.some(({ g, graphs }) => g !== undefined || graphs.length > 0);
  }

  /** Its name, or what it writes where it has none. */
  get title(): string {
    return this.proto.name === '' ? (this.outputs[0] ?? this.op) : this.proto.name;
  }

  has(name: string): boolean {
    return this.attributes.has(name);
  }

  int(name: string, otherwise: number): number {
    const attribute = this.attributes.get(name);
    return attribute === undefined ? otherwise : Number(attribute.i);
  }

  float(name: string, otherwise: number): number {
    return this.attributes.get(name)?.f ?? otherwise;
  }

  text(name: string, otherwise: string): string {
    const bytes = this.attributes.get(name)?.s;
    return bytes === undefined ? otherwise : new TextDecoder().decode(bytes);
  }

  ints(name: string): readonly number[] | undefined {
    return this.attributes.get(name)?.ints.map(Number);
  }

  floats(name: string): readonly number[] | undefined {
    return this.attributes.get(name)?.floats;
  }

  tensor(name: string): TensorProto | undefined {
    return this.attributes.get(name)?.t;
  }

  graph(name: string): GraphProto | undefined {
    return this.attributes.get(name)?.g;
  }
}
