/**
 * Keras model configurations as a flat list of layer calls in order of computation: Sequential or functional, of Keras 1 to
 * 3 and TF.js, nested models unfolded, layers called several times listed as often.
 */
import { FormatError } from '../format-error';

export type Fields = Readonly<Record<string, unknown>>;

/** One call of one layer. */
export interface LayerCall {
  readonly id: string;
  /** The models around it and its own name: who holds its weights. Calls of one layer share it. */
  readonly path: readonly string[];
  readonly className: string;
  readonly config: Fields;
  /** Ids of other calls. */
  readonly inputs: readonly string[];
  /** Numbers and options given to the call itself: operations that are no layers have them. */
  readonly parameters: Fields;
}

export interface CallList {
  readonly name: string;
  readonly calls: readonly LayerCall[];
  readonly outputs: readonly string[];
  /** Output shapes the file itself states (Keras 3 does), without the batch axis. */
  readonly shapes: ReadonlyMap<string, readonly (number | null)[]>;
}

const maximumDepth = 20;
const maximumCalls = 20_000;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

interface Reference {
  readonly layer: string;
  readonly node: number;
  readonly tensor: number;
  readonly shape?: readonly (number | null)[];
}

interface PendingCall {
  readonly layer: Fields;
  readonly name: string;
  readonly node: number;
  readonly inputs: readonly Reference[];
  readonly parameters: Fields;
}

const modelClasses = new Set(['Model', 'Functional', 'Sequential']);

/** Throws `FormatError` where the configuration is no model, or refers to layers it does not have. */
export function listCalls(model: unknown, file: string): CallList {
  const list = new CallLister(file);
  const outputs = list.model(model, [], undefined, '');
  const name = isFields(model) && isFields(model['config']) ? model['config']['name'] : undefined;
  return { name: typeof name === 'string' ? name : 'model', calls: list.calls, outputs, shapes: list.shapes };
}

class CallLister {
  readonly calls: LayerCall[] = [];
  readonly shapes = new Map<string, readonly (number | null)[]>();
  private readonly ids = new Set<string>();

  constructor(private readonly file: string) {}

  private wrong(text: string, place: string): FormatError {
    return new FormatError('malformed', text, this.file, place);
  }

  /** Lists a model's calls; answers the ids of its outputs. `inputs` feed a nested model. */
  model(model: unknown, path: readonly string[], inputs: readonly string[] | undefined, suffix: string): string[] {
    if (path.length > maximumDepth)
      throw this.wrong(`Models are nested more than ${maximumDepth} deep.`, path.join('/'));
    const place = path.join('/') || 'model_config';
    if (!isFields(model) || typeof model['class_name'] !== 'string') {
      throw this.wrong('The model configuration has no "class_name".', place);
    }
    const { class_name: className, config } = model;
    if (!modelClasses.has(className)) {
      const text = `The model is of class "${className}", whose code is not in the file; save it as a functional or Sequential model.`;
      throw new FormatError('unsupported', text, this.file, place);
    }
    if (className === 'Sequential') return this.sequential(model, path, inputs, suffix);
    if (!isFields(config) || !Array.isArray(config['layers'])) throw this.wrong('The model lists no layers.', place);
    return this.functional(config, path, inputs, suffix);
  }

  private sequential(model: Fields, path: readonly string[], inputs: readonly string[] | undefined, suffix: string) {
    const { config } = model;
    const listed: unknown = isFields(config) ? config['layers'] : config;
    if (!Array.isArray(listed) || listed.length === 0) {
      throw this.wrong('The Sequential model lists no layers.', path.join('/') || 'model_config');
    }
    const layers = listed.map((layer: unknown) => this.layerFields(layer, path));
    let current = inputs;
    if (current === undefined && layers[0]?.['class_name'] !== 'InputLayer') {
      const shape = this.sequentialInput(model, layers[0]);
      if (shape !== undefined) {
        const name = `${path.at(-1) ?? 'input'}${path.length > 0 ? ' input' : ''}`;
        current = [
          this.addCall(
            { className: 'InputLayer', config: { batch_shape: shape, name }, inputs: [], parameters: {} },
            [...path, name],
            suffix,
          ),
        ];
      }
    }
    for (const layer of layers) {
      if (layer['class_name'] === 'InputLayer' && current !== undefined) continue;
      current = this.call(layer, [...path, nameOf(layer)], current ?? [], {}, suffix);
    }
    return [...(current ?? [])];
  }

  /** Where older and newer files say what a Sequential model without an input layer takes. */
  private sequentialInput(model: Fields, first: Fields | undefined): unknown {
    const own = isFields(model['config']) ? model['config']['build_input_shape'] : undefined;
    const config = isFields(first?.['config']) ? first['config'] : {};
    const built = isFields(model['build_config']) ? model['build_config']['input_shape'] : undefined;
    return config['batch_input_shape'] ?? config['batch_shape'] ?? own ?? built;
  }

  private functional(
    config: Fields,
    path: readonly string[],
    inputs: readonly string[] | undefined,
    suffix: string,
  ): string[] {
    const done = new Map<string, readonly string[]>();
    const entries = this.references(config['input_layers'], path);
    let pending: PendingCall[] = [];
    for (const value of Array.isArray(config['layers']) ? config['layers'] : []) {
      const layer = this.layerFields(value, path);
      const name = nameOf(layer);
      const nodes = Array.isArray(layer['inbound_nodes']) ? layer['inbound_nodes'] : [];
      if (nodes.length === 0) {
        const fed = inputs?.[entries.findIndex((entry) => entry.layer === name)];
        const ids = fed === undefined ? this.call(layer, [...path, name], [], {}, suffix) : [fed];
        done.set(`${name}:0`, ids);
        continue;
      }
      nodes.forEach((node: unknown, index) => {
        pending.push({ layer, name, node: index, ...this.node(node, name, path) });
      });
    }
    while (pending.length > 0) {
      const waiting: PendingCall[] = [];
      for (const call of pending) {
        const feeds = call.inputs.map((reference) => this.resolve(reference, done, pending));
        if (feeds.some((feed) => feed === undefined)) {
          waiting.push(call);
          continue;
        }
        const ids = feeds.filter((feed) => feed !== undefined);
        ids.forEach((id, at) => {
          const shape = call.inputs[at]?.shape;
          if (shape !== undefined) this.shapes.set(id, shape);
        });
        const repeat = call.node === 0 ? suffix : `${suffix}#${call.node}`;
        done.set(
          `${call.name}:${call.node}`,
          this.call(call.layer, [...path, call.name], ids, call.parameters, repeat),
        );
      }
      if (waiting.length === pending.length) {
        const [stuck] = waiting;
        const feeds = stuck?.inputs.map(({ layer }) => `"${layer}"`).join(', ');
        throw this.wrong(`Layer "${stuck?.name}" reads ${feeds}, which is never computed.`, stuck?.name ?? 'layers');
      }
      pending = waiting;
    }
    return this.references(config['output_layers'], path).map((reference) => {
      const id = this.resolve(reference, done, []);
      if (id === undefined) throw this.wrong(`The output "${reference.layer}" does not exist.`, 'output_layers');
      return id;
    });
  }

  private resolve(reference: Reference, done: ReadonlyMap<string, readonly string[]>, pending: readonly PendingCall[]) {
    const { layer, node, tensor } = reference;
    const exact = done.get(`${layer}:${node}`);
    if (exact !== undefined) return exact[tensor];
    // Nested models count a node of their own that the file does not list; with one call there is no doubt.
    const listed = pending.filter(({ name }) => name === layer).length;
    return listed === 0 && !done.has(`${layer}:1`) ? done.get(`${layer}:0`)?.[tensor] : undefined;
  }

  /** `[[name, node, tensor, options], ...]`, or Keras 3's arguments with tensors somewhere inside. */
  private node(node: unknown, name: string, path: readonly string[]) {
    const inputs: Reference[] = [];
    const constants: unknown[] = [];
    if (Array.isArray(node)) {
      const options: Record<string, unknown> = {};
      for (const item of typeof node[0] === 'string' ? [node] : node) {
        const [layer, , third, kwargs]: unknown[] = Array.isArray(item) ? item : [];
        if (layer === '_CONSTANT_VALUE') constants.push(third);
        else inputs.push(this.reference(item, path));
        if (isFields(kwargs)) Object.assign(options, kwargs);
      }
      // Operations name further tensors among their options.
      for (const value of Object.values(options)) if (isReference(value)) inputs.push(this.reference(value, path));
      return { inputs, parameters: { ...options, constants } };
    }
    if (!isFields(node)) throw this.wrong(`The inputs of layer "${name}" cannot be read.`, name);
    const visit = (value: unknown): void => {
      if (Array.isArray(value)) value.forEach(visit);
      else if (isFields(value) && value['class_name'] === '__keras_tensor__' && isFields(value['config'])) {
        const shape: unknown = value['config']['shape'];
        const reference = this.reference(value['config']['keras_history'], path);
        inputs.push(Array.isArray(shape) ? { ...reference, shape: shape.slice(1).map(Number) } : reference);
      } else constants.push(value);
    };
    visit(node['args']);
    const options = isFields(node['kwargs']) ? node['kwargs'] : {};
    for (const value of Object.values(options)) if (Array.isArray(value) || isFields(value)) visit(value);
    return { inputs, parameters: { ...options, constants } };
  }

  private references(value: unknown, path: readonly string[]): Reference[] {
    if (isFields(value)) return Object.values(value).flatMap((item) => this.references(item, path));
    if (!Array.isArray(value)) return [];
    if (typeof value[0] === 'string') return [this.reference(value, path)];
    return value.flatMap((item: unknown) => this.references(item, path));
  }

  private reference(value: unknown, path: readonly string[]): Reference {
    const [layer, node = 0, tensor = 0]: unknown[] = Array.isArray(value) ? value : [];
    if (typeof layer !== 'string')
      throw this.wrong('A layer refers to another in a way that cannot be read.', path.join('/') || 'layers');
    return { layer, node: Number(node), tensor: Number(tensor) };
  }

  private layerFields(value: unknown, path: readonly string[]): Fields {
    if (isFields(value) && typeof value['class_name'] === 'string') return value;
    throw this.wrong('A layer has no "class_name".', path.join('/') || 'layers');
  }

  private call(layer: Fields, path: readonly string[], inputs: readonly string[], parameters: Fields, suffix: string) {
    const className = String(layer['class_name']);
    const config = isFields(layer['config']) ? layer['config'] : {};
    if (modelClasses.has(className)) {
      return this.model(layer, path, inputs.length === 0 ? undefined : inputs, suffix);
    }
    return [this.addCall({ className, config, inputs, parameters }, path, suffix)];
  }

  private addCall(call: Omit<LayerCall, 'id' | 'path'>, path: readonly string[], suffix: string): string {
    if (this.calls.length >= maximumCalls)
      throw this.wrong(`The model has more than ${maximumCalls} layers.`, 'layers');
    let id = path.join('/') + suffix;
    for (let count = 2; this.ids.has(id); count++) id = `${path.join('/')}${suffix}@${count}`;
    this.ids.add(id);
    this.calls.push({ ...call, id, path });
    return id;
  }
}

/** `[layer, node, tensor]`. */
function isReference(value: unknown): boolean {
  return (
    Array.isArray(value) && typeof value[0] === 'string' && value.slice(1, 3).every((at) => typeof at === 'number')
  );
}

/** The name a layer goes by among its fellows. */
function nameOf(layer: Fields): string {
  const config = isFields(layer['config']) ? layer['config'] : {};
  const name = layer['name'] ?? config['name'];
  return typeof name === 'string' && name !== '' ? name : String(layer['class_name']).toLowerCase();
}
