/** From a Keras configuration and its weights to a network: what HDF5, `.keras` and TF.js LayersModel files share. */
import type { LayerId, Network, NetworkFormat, OriginPort, Shape, Tensor } from '../../network/graph';
import { widenedNotes } from '../element-types';
import type { OpenedFile } from '../format';
import { FormatError } from '../format-error';
import { NetworkDraft, NotUnderstood } from '../network-draft';
import type { KerasDialect } from './activations';
import { type CallList, type LayerCall, listCalls } from './config';
import { plainClasses } from './layers-plain';
import { weightedClasses } from './layers-weighted';
import { operationOf } from './operations';
import { Translation } from './translation';
import type { KerasWeights, WeightRole } from './weights';

export interface KerasModel {
  /** `{ class_name, config }`. */
  readonly model: unknown;
  readonly weights: KerasWeights;
  readonly dialect: KerasDialect;
  readonly format: NetworkFormat;
  readonly file: string;
}

/** Height and width that are taken where the file leaves them open. */
const openSize = 224;

/**
 * Builds the network. Layers that are not understood become opaque ones with a reason; notes say so. Throws `FormatError`
 * where the file contradicts itself or is about something else than images.
 */
export async function buildKerasNetwork({ model, weights, dialect, format, file }: KerasModel): Promise<OpenedFile> {
  const list = listCalls(model, file);
  const draft = new NetworkDraft(file);
  const ids = new Map<string, LayerId>();
  const inputs: OriginPort[] = [];
  const idOf = (call: string): LayerId => {
    const id = ids.get(call);
    if (id === undefined) throw new FormatError('malformed', `"${call}" is read before it is computed.`, file, call);
    return id;
  };
  const readers = readersOf(list);
  for (const call of list.calls) {
    if (call.className === 'InputLayer') {
      const shape = inputShape(call, draft, file);
      ids.set(call.id, draft.add({ op: 'input', id: draft.freeId(call.id), inputs: [], shape }));
      inputs.push({ name: call.path.at(-1) ?? call.id, layout: 'NHWC', rank: shape.length + 1 });
      continue;
    }
    const feeds = call.inputs.map(idOf);
    if (feeds.length === 0) {
      const text = `The file does not say what goes into layer "${call.id}"; save the model after it was built or called.`;
      throw new FormatError('unsupported', text, file, call.id);
    }
    const id = draft.freeId(call.id);
    const roles = weightedClasses[call.className]?.roles(call.config);
    const own = roles === undefined ? new Map<WeightRole, Tensor>() : await weights.of(call.path, roles);
    const expected = await channelsRead(readers.get(call.id), weights);
    const translation = new Translation(draft, call, id, feeds, own, dialect);
    ids.set(
      call.id,
      draft.attempt(
        id,
        call.className,
        feeds,
        () => translate(translation),
        () => opaqueShape(list, call, draft.shapeOf(feeds[0] ?? ''), expected),
      ),
    );
  }
  const outputs = list.outputs.map(idOf);
  const network: Network = draft.finish([...new Set(outputs)], {
    name: modelName(list.name, file),
    history: [],
    origin: {
      format,
      inputs,
      outputs: [...new Set(outputs)].map((id) => ({ name: id, layout: 'NHWC', rank: draft.shapeOf(id).length + 1 })),
      elements: weights.elements,
    },
  });
  return { network, notes: [...draft.notes, ...widenedNotes(weights.elements)] };
}

function translate(t: Translation): LayerId {
  const { className } = t.call;
  const known = Object.hasOwn(weightedClasses, className) ? weightedClasses[className]?.translate : undefined;
  if (known !== undefined) return known(t);
  const constants = t.call.parameters['constants'];
  const isOperation = className === 'TFOpLambda' || (Array.isArray(constants) && constants.length > 0);
  const operation = operationOf(t);
  if (isOperation && operation !== undefined) return operation();
  const plain = Object.hasOwn(plainClasses, className) ? plainClasses[className] : undefined;
  if (plain !== undefined) return plain(t);
  if (operation !== undefined) return operation();
  if (className === 'Lambda') throw new NotUnderstood('It holds Python code, which is never run.');
  throw new NotUnderstood('There is no layer for it here.');
}

function inputShape({ config, id }: LayerCall, draft: NetworkDraft, file: string): Shape {
  const batched: unknown = config['batch_input_shape'] ?? config['batch_shape'];
  const listed: unknown = Array.isArray(batched) ? batched.slice(1) : (config['shape'] ?? batched);
  const axes: unknown[] = Array.isArray(listed) ? listed : [];
  const open = axes.slice(0, 2).some((axis) => axis === null);
  const sizes = axes.map((axis, at) => (axis === null && axes.length === 3 && at < 2 ? openSize : axis));
  if (!sizes.every((axis) => typeof axis === 'number' && Number.isSafeInteger(axis) && axis > 0)) {
    throw new FormatError('unsupported', `Its input is [${axes.join(', ')}], of no fixed size.`, file, id);
  }
  const [height = 0, width = 0, channels = 0] = sizes.map(Number);
  if (sizes.length === 1) return [height];
  if (sizes.length !== 3) {
    const text = `Its input has ${axes.length} axes beside the batch ([${axes.join(', ')}]); networks for images are read.`;
    throw new FormatError('unsupported', text, file, id);
  }
  if (open) draft.note(`The file leaves the size of its input open; ${openSize}x${openSize} pixels were taken.`);
  return [height, width, channels];
}

/** Who reads each call's output. */
function readersOf({ calls }: CallList): ReadonlyMap<string, readonly LayerCall[]> {
  const readers = new Map<string, LayerCall[]>();
  for (const call of calls) {
    for (const input of call.inputs) readers.set(input, [...(readers.get(input) ?? []), call]);
  }
  return readers;
}

/** The channels that the kernels reading an output are made for; undefined when none says. */
async function channelsRead(readers: readonly LayerCall[] | undefined, weights: KerasWeights) {
  for (const call of readers ?? []) {
    const roles = weightedClasses[call.className]?.roles(call.config);
    if (roles === undefined) continue;
    const tensors = await weights.of(call.path, roles);
    const [first] = tensors.values();
    if (first === undefined) continue;
    return first.shape.length === 1 ? first.shape[0] : first.shape.at(-2);
  }
  return undefined;
}

/** What comes out of a layer nobody understood: as the file says, else its input's shape with the channels that are read. */
function opaqueShape({ shapes }: CallList, call: LayerCall, input: Shape, channels: number | undefined): Shape {
  const stated = shapes.get(call.id)?.map((axis) => axis ?? openSize);
  const [first = 1, second = 1, third = 1] = stated ?? [];
  if (stated?.length === 1) return [first];
  if (stated?.length === 3) return [first, second, third];
  if (channels === undefined) return input;
  return input.length === 3 ? [input[0], input[1], channels] : [channels];
}

/** Keras calls models "model" and "sequential_1" unless told otherwise; the file's name says more then. */
function modelName(name: string, file: string): string {
  const stem = file.replace(/\.[^.]*$/, '');
  return /^(model|sequential|functional)(_?\d+)?$/.test(name) && stem !== 'model' ? stem : name;
}
