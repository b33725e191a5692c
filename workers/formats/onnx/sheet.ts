/** An ONNX graph as it is written: nodes, initialisers, and names that are used once. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType as Kind,
  type AttributeProtoSchema,
  type NodeProto,
  type NodeProtoSchema,
  type TensorProto,
  type TensorProtoSchema,
} from 'onnx-buf';
import { code } from './tensor-proto';

/** A number is an INT; a FLOAT is wrapped, since 1 could be either. */
export type AttributeValue = number | string | readonly number[] | { readonly float: number };

function attribute(name: string, value: AttributeValue): MessageInitShape<typeof AttributeProtoSchema> {
  if (typeof value === 'number') return { name, type: Kind.INT, i: BigInt(value) };
  if (typeof value === 'string') return { name, type: Kind.STRING, s: new TextEncoder().encode(value) };
  if ('float' in value) return { name, type: Kind.FLOAT, f: value.float };
  return { name, type: Kind.INTS, ints: value.map(BigInt) };
}

export class Sheet {
  readonly nodes: MessageInitShape<typeof NodeProtoSchema>[] = [];
  readonly initialisers: MessageInitShape<typeof TensorProtoSchema>[] = [];
  private readonly names: Set<string>;
  private readonly known = new Map<string, string>();

  /** `taken`: names of inputs and outputs, which nothing else may have. */
  constructor(taken: readonly string[]) {
    this.names = new Set(taken);
  }

  /** `wish`, or `wish_2` and so on where that is taken. */
  name(wish: string): string {
    let name = wish;
    for (let next = 2; this.names.has(name); next++) name = `${wish}_${next}`;
    this.names.add(name);
    return name;
  }

  /** Appends an operator; answers what it writes: `output` where that is given, else a name like `wish`. */
  node(
    opType: string,
    input: readonly string[],
    wish: string,
    attributes: Readonly<Record<string, AttributeValue>> = {},
    output = this.name(wish),
  ): string {
    const list = Object.entries(attributes).map(([name, value]) => attribute(name, value));
    this.nodes.push({ name: wish, opType, input: [...input], output: [output], attribute: list });
    return output;
  }

  /** Appends an operator as another file had it, under other names. */
  carry({ opType, domain, attribute: attributes }: NodeProto, wish: string, input: string[], output: string[]): void {
    this.nodes.push({
      name: wish,
      opType,
      domain: domain === 'ai.onnx' ? '' : domain,
      attribute: attributes,
      input,
      output,
    });
  }

  /** An initialiser as another file had it. */
  tensor(wish: string, tensor: TensorProto): string {
    const name = this.name(wish);
    this.initialisers.push({ ...tensor, name });
    return name;
  }

  /** A float32 initialiser. Equal `key` (what it is made from, and how) is one initialiser. */
  floats(wish: string, key: string, dims: readonly number[], make: () => Float32Array): string {
    return this.once(wish, key, dims, code.FLOAT, () => {
      const values = make();
      return new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice();
    });
  }

  /** A number as an initialiser without axes. */
  number(value: number): string {
    return this.floats('number', `number ${value}`, [], () => Float32Array.of(value));
  }

  /** An int64 initialiser. */
  whole(wish: string, values: readonly number[]): string {
    return this.once(wish, `whole ${values.join()}`, [values.length], code.INT64, () => {
      const bytes = new Uint8Array(8 * values.length);
      const view = new DataView(bytes.buffer);
      values.forEach((value, at) => view.setBigInt64(8 * at, BigInt(value), true));
      return bytes;
    });
  }

  private once(
    wish: string,
    key: string,
    dims: readonly number[],
    dataType: number,
    make: () => Uint8Array<ArrayBuffer>,
  ): string {
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const name = this.name(wish);
    this.initialisers.push({ name, dataType, dims: dims.map(BigInt), rawData: make() });
    this.known.set(key, name);
    return name;
  }
}
