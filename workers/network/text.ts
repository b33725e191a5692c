/**
 * A short text form of graphs, for tests and messages: one statement per layer, separated by `/` or new lines.
 *
 *     input 8x8x3 / conv 8 3x3 p1 / bn / top = relu / conv 8 3x3 p1 / bn / add < . top / globalPool / dense 10 bias
 *
 * A statement is `[name =] op [settings] [< inputs]`. Without `<` a layer reads the one before it; `.` among the inputs
 * means the same. Without a name it is called after its op and a running number (`conv1`, `relu2`). Tensors are called
 * `<layer>.kernel` and so on; `kernel=other` names (and thereby shares) another. The last layer is the output, unless
 * a final `output < a b` says otherwise. Names with spaces or any of `/ = < "` stand in double quotes.
 *
 * Settings: `text-ops.ts`. Printing: `text-print.ts`.
 */
import { createRandom, type Random } from '../linalg/random';
import {
  type Graph,
  type Layer,
  type LayerId,
  type Network,
  NetworkError,
  type Tensor,
  type TensorName,
} from './graph';
import { sizeOf } from './shapes';
import { initialTensors } from './initialise';
import { expectedTensors } from './tensor-shapes';
import { Settings, layerFromSettings } from './text-ops';
import { validateGraph } from './validate';

/**
 * The graph a text describes, checked (`validateGraph`). Throws `NetworkError` that quotes the statement, or names the
 * layer where the statements do not make a network.
 */
export function graphFromText(text: string): Graph {
  const layers: Layer[] = [];
  const counters = new Map<string, number>();
  let outputs: readonly LayerId[] | undefined;
  for (const tokens of statements(text)) {
    const quoted = `Statement "${tokens.join(' ')}"`;
    if (outputs !== undefined)
      throw new NetworkError(`${quoted} stands after the output statement, which must be last.`);
    const named = tokens[1] === '=';
    const [op = '', ...rest] = named ? tokens.slice(2) : tokens;
    const arrow = rest.indexOf('<');
    const references = arrow === -1 ? ['.'] : rest.slice(arrow + 1);
    const inputs = op === 'input' ? [] : references.map((reference) => resolve(reference, layers.at(-1), quoted));
    if (op === 'output') {
      outputs = inputs;
      continue;
    }
    const number = (counters.get(op) ?? 0) + 1;
    counters.set(op, number);
    const id = named ? unquoted(tokens[0] ?? '') : automaticId(op, number);
    const settings = new Settings((arrow === -1 ? rest : rest.slice(0, arrow)).map(unquoted), quoted);
    layers.push(layerFromSettings(op, { id, inputs }, settings));
    settings.finish();
  }
  const last = layers.at(-1);
  if (last === undefined) throw new NetworkError('The text describes no layer; begin with "input 8x8x3".');
  const graph: Graph = { layers, outputs: outputs ?? [last.id] };
  validateGraph(graph);
  return graph;
}

/** Id of the `number`th statement of an op, when it has no name: "conv2"; the first input is just "input". */
export function automaticId(op: string, number: number): LayerId {
  return op === 'input' && number === 1 ? op : `${op}${number}`;
}

/**
 * The network a text describes, with tensors drawn from `random` (a number is a seed): all lively, so that a test
 * notices when one is mixed up. Kernels as in `initialTensors`, gamma and variance in [0.5, 1.5), bias, beta and mean
 * with deviation 0.3. Each tensor has a stream of its own, named after it. Throws as `graphFromText`.
 */
export function networkFromText(text: string, random: Random | number = 1): Network {
  const graph = graphFromText(text);
  const source = typeof random === 'number' ? createRandom(random) : random;
  const tensors: Record<TensorName, Tensor> = { ...initialTensors(graph, source) };
  for (const { name, role, shape } of expectedTensors(graph).values()) {
    if (role === 'kernel') continue;
    const stream = source.fork(name);
    const positive = role === 'gamma' || role === 'variance';
    const sample = (): number => (positive ? stream.uniform(0.5, 1.5) : stream.normal(0, 0.3));
    tensors[name] = { shape, values: Float32Array.from({ length: sizeOf(shape) }, sample) };
  }
  return { graph, tensors, meta: { name: 'test network', history: [] } };
}

/** Tokens of every statement: words, quoted names (quotes kept), `=` and `<`. */
function* statements(text: string): Generator<readonly string[]> {
  let tokens: string[] = [];
  for (const [token] of text.matchAll(/"(?:[^"\\\n]|\\.)*"|[\n/=<"]|[^\s/=<"]+/g)) {
    if (token === '"') throw new NetworkError(`A quotation mark is not closed in "${text}".`);
    if (token !== '/' && token !== '\n') {
      tokens.push(token);
      continue;
    }
    if (tokens.length > 0) yield tokens;
    tokens = [];
  }
  if (tokens.length > 0) yield tokens;
}

function resolve(reference: string, previous: Layer | undefined, quoted: string): LayerId {
  if (reference !== '.') return unquoted(reference);
  if (previous !== undefined) return previous.id;
  throw new NetworkError(`${quoted} has no layer before it to read from; begin with "input 8x8x3".`);
}

function unquoted(token: string): string {
  if (!token.startsWith('"')) return token;
  try {
    return JSON.parse(token) as string;
  } catch {
    throw new NetworkError(`${token} is not a quoted name; inside quotes a backslash begins an escape, as in JSON.`);
  }
}
