/** A network from the names and shapes of a checkpoint's tensors: the first family that knows them. */
import type { NetworkFormat, NetworkMeta, NetworkOrigin, Normalisation, Tensor, TensorName } from '../../network/graph';
import { NetworkError } from '../../network/graph';
import { validateNetwork } from '../../network/validate';
import { widenedNotes } from '../element-types';
import {
  type ForeignTensor,
  type ForeignTensors,
  fromFlattened,
  fromPyTorch,
  plainNames,
  type Recogniser,
  type Recognition,
  withoutCommonPrefix,
} from '../foreign-names';
import type { OpenedFile } from '../format';
import { FormatError } from '../format-error';
import type { Sidecar } from '../sidecar';
import { recogniseResNet } from './cifar-resnet';
import { recogniseVgg } from './cifar-vgg';
import { recogniseDenseNet } from './densenet';
import { recogniseMobileNetV2 } from './mobilenet-v2';
import { recogniseDeepResNet } from './resnet';
import { recogniseVggFeatures } from './vgg';

const recognisers: readonly Recogniser[] = [
  recogniseResNet,
  recogniseDeepResNet,
  recogniseMobileNetV2,
  recogniseVgg,
  recogniseVggFeatures,
  recogniseDenseNet,
];

const known =
  'ResNets and ResNeXts, VGGs, DenseNets (of torchvision, timm and for CIFAR), MobileNetV2, and every file this studio wrote';

/** What most checkpoints of PyTorch were trained with: the statistics of ImageNet. */
const usualNormalisation: Normalisation = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/** Every tensor is used once and has the shape its place asks for; anything else would be a guess. */
function checkUse(recognition: Recognition, tensors: ForeignTensors, file: string): void {
  const used = new Set(recognition.tensors.values());
  const missing = [...used].find((name) => !tensors.has(name));
  if (missing !== undefined) {
    throw new FormatError(
      'unrecognised',
      `This looks like ${recognition.name}, but "${missing}" is missing.`,
      file,
      missing,
    );
  }
  const extra = [...tensors.keys()].find((name) => !used.has(name));
  if (extra !== undefined) {
    const problem = `This looks like ${recognition.name}, but nothing in it uses "${extra}".`;
    throw new FormatError('unrecognised', problem, file, extra);
  }
}

export interface Checkpoint {
  readonly tensors: readonly ForeignTensor[];
  readonly format: NetworkFormat;
  readonly elements: NetworkOrigin['elements'];
}

function recognised(tensors: ForeignTensors, file: string): Recognition | undefined {
  for (const recognise of recognisers) {
    const found = recognise(tensors, file);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Throws `FormatError` when no family knows the tensors, or one does but something is missing or left over. */
export async function recogniseNetwork(
  { tensors: listed, format, elements }: Checkpoint,
  file: string,
  sidecar?: Sidecar,
): Promise<OpenedFile> {
  let named = plainNames(listed);
  const wrappers: string[] = [];
  let recognition = recognised(named, file);
  while (recognition === undefined) {
    const inner = withoutCommonPrefix(named);
    if (inner === undefined) break;
    wrappers.push(inner.prefix);
    named = inner.tensors;
    recognition = recognised(named, file);
  }
  if (recognition === undefined) {
    const some =
      listed
        .map(({ name }) => name)
        .slice(0, 3)
        .join(', ') || 'none';
    const problem = `Its tensors (${some}, ...) are of no architecture known here. Known: ${known}.`;
    throw new FormatError('unrecognised', problem, file, 'tensor names');
  }
  checkUse(recognition, named, file);
  const { graph, name, flattened } = recognition;
  const depthwise = new Set(graph.layers.flatMap((layer) => (layer.op === 'depthwise' ? [layer.kernel] : [])));
  const tensors: Record<TensorName, Tensor> = {};
  for (const [ours, theirs] of recognition.tensors) {
    const entry = named.get(theirs);
    if (entry === undefined) continue;
    const tensor = fromPyTorch(await entry.load(), depthwise.has(ours));
    const rows = flattened?.get(ours);
    tensors[ours] = rows === undefined ? tensor : fromFlattened(tensor, rows);
  }
  const meta: NetworkMeta = {
    name,
    normalisation: sidecar?.normalisation ?? usualNormalisation,
    ...(sidecar?.classes === undefined ? {} : { classes: sidecar.classes }),
    history: [],
    origin: {
      format,
      inputs: [{ name: 'input', layout: 'NCHW', rank: 4 }],
      outputs: [{ name: 'output', layout: 'NCHW', rank: 2 }],
      elements,
    },
  };
  const network = { graph, tensors, meta };
  try {
    validateNetwork(network);
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    throw new FormatError('malformed', error.message, file, error.layer ?? 'tensors');
  }
  const notes = [...recognition.notes];
  if (wrappers.length > 0) notes.push(`All its tensor names begin with "${wrappers.join('')}", which was taken off.`);
  if (sidecar?.normalisation === undefined) {
    notes.push(
      'The file does not say how its input is normalised; the usual mean and standard deviation of ImageNet are assumed.',
    );
  }
  return { network, notes: [...notes, ...widenedNotes(elements)] };
}
