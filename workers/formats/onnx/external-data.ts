/** Tensors that ONNX keeps in files of their own: found among the files that were given, never anywhere else. */
import { type GraphProto, type TensorProto, TensorProto_DataLocation } from 'onnx-buf';
import type { SniffedFile } from '../format';
import { FormatError } from '../format-error';
import type { ExternalBytes } from './tensor-proto';

/** A graph inside a graph inside ...: more than any exporter nests. */
export const mostNesting = 64;

/** Every tensor a graph names: initialisers, attributes of nodes, and those of graphs inside. */
export function* tensorsOf(graph: GraphProto, depth = 0): Generator<TensorProto> {
  if (depth > mostNesting) return;
  yield* graph.initializer;
  for (const { attribute } of graph.node) {
    for (const { t, g, tensors, graphs } of attribute) {
      if (t !== undefined) yield t;
      yield* tensors;
      for (const inner of g === undefined ? graphs : [g, ...graphs]) yield* tensorsOf(inner, depth + 1);
    }
  }
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/**
 * Bytes of all tensors that are kept outside. Throws `FormatError`: a location that leaves the folder, a file that was
 * not given (named, to be dropped together with the network), a range beyond its end.
 */
export async function readExternalData(
  graph: GraphProto,
  beside: readonly SniffedFile[],
  file: string,
): Promise<ExternalBytes> {
  const found = new Map<TensorProto, Uint8Array>();
  for (const tensor of tensorsOf(graph)) {
    if (tensor.dataLocation !== TensorProto_DataLocation.EXTERNAL) continue;
    const fields = new Map(tensor.externalData.map(({ key, value }) => [key, value]));
    const location = fields.get('location') ?? '';
    const parts = location.split(/[\\/]/);
    if (location === '' || parts[0] === '' || parts.includes('..') || /^[a-z]:/i.test(location)) {
      const problem = `Tensor "${tensor.name}" lies in "${location}", which is no file beside the network; nothing outside its folder is read.`;
      throw new FormatError('malformed', problem, file, tensor.name);
    }
    const name = parts.at(-1);
    const source = beside.find((one) => one.file.name.split('/').at(-1) === name)?.file;
    if (source === undefined) {
      const problem = `Its weights lie in "${location}"; open that file together with this one.`;
      throw new FormatError('truncated', problem, file, tensor.name);
    }
    const offset = wholeNumber(fields.get('offset') ?? '0');
    const length = wholeNumber(fields.get('length') ?? String(source.size - (offset ?? 0)));
    if (offset === undefined || length === undefined || offset + length > source.size) {
      const range = `bytes ${fields.get('offset') ?? 0} to ${(offset ?? NaN) + (length ?? NaN)}`;
      const problem = `Tensor "${tensor.name}" takes ${range} of "${location}", which has ${source.size}. Download or copy it again.`;
      throw new FormatError('truncated', problem, file, tensor.name);
    }
    found.set(tensor, new Uint8Array(await source.slice(offset, offset + length).arrayBuffer()));
  }
  return found;
}
