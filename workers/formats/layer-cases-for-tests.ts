/** For tests and the table of formats: every kind of layer here, alone, as networks in the short text form. */
import { writeNetworkFiles } from './index';
import type { Network, NetworkFormat } from '../network/graph';
import { networkFromText } from '../network/text';
import { FormatError } from './format-error';

const from = 'input 6x8x4 / ';

/** What the table calls it, and a network of it. */
export const layerCases: Readonly<Record<string, string>> = {
  convolution: `${from}conv 6 3x3 s2 p1 bias`,
  'convolution, padded unevenly, dilated': `${from}conv 6 3x3 p0,1,2,1 d2x1`,
  'convolution in groups': `${from}conv 6 3x3 p1 g2`,
  'convolution with a group a channel': `${from}conv 8 3x3 p1 g4 bias`,
  'depthwise convolution': `${from}depthwise 3x3 p1 bias`,
  'transposed convolution, as TensorFlow pads': `${from}convTranspose 5 2x2 s2 bias`,
  'transposed convolution, as PyTorch pads': `${from}convTranspose 5 3x3 s2 p1 o1 bias`,
  'dense layer': `${from}flatten / dense 5 bias`,
  'batch norm': `${from}conv 4 1x1 / bn`,
  'relu, relu6': `${from}relu / relu6`,
  'leakyRelu, elu, softplus, sigmoid, tanh': `${from}leakyRelu slope=0.1 / elu / softplus / sigmoid / tanh`,
  'hardSigmoid, hardSwish, swish': `${from}hardSigmoid / hardSwish / swish`,
  gelu: `${from}gelu`,
  clip: `${from}clip min=-1 max=1`,
  'clip on one side': `${from}clip max=1`,
  prelu: `${from}prelu`,
  'scale and offset': `${from}scale 2 offset=-1`,
  sum: `${from}a = conv 4 1x1 / conv 4 1x1 / add < . a`,
  'product, by a gate of channels too': `${from}a = relu / globalPool keepSpatial / sigmoid / multiply < a .`,
  'concat of channels': `${from}a = relu / conv 3 1x1 / concat < . a`,
  'concat of rows and columns': `${from}a = relu / b = concat height < . a / concat width < . b`,
  'max pooling': `${from}maxPool 2x2 s2`,
  'max pooling, padded': `${from}maxPool 3x3 s2 p1`,
  'average pooling': `${from}averagePool 2x2 s2`,
  'average pooling, padding counted': `${from}averagePool 3x3 s2 p1 countPadding`,
  'average pooling, padding not counted': `${from}averagePool 3x3 s2 p1`,
  'global pooling': `${from}globalPool`,
  'global pooling by the largest, axes kept': `${from}globalPool max keepSpatial`,
  'flatten, reshape': `${from}reshape 8x3x8 / flatten`,
  'zeros around, and as new channels': `${from}pad p1 c2,3`,
  'strided slice': `${from}slice 0:6:2 1:8:2 0:3`,
  'channel shuffle': `${from}gather 0,2,1,3`,
  'channels picked, some twice': `${from}gather 3,0,0 / globalPool / gather 2,1`,
  'resize by whole factors, nearest': `${from}resize 12x16`,
  'resize by whole factors, bilinear between centres': `${from}resize 12x16 bilinear`,
  'resize by whole factors, bilinear from the corner': `${from}resize 12x16 bilinear asymmetric`,
  'resize to any size': `${from}resize 7x5 bilinear`,
  'resize corner to corner': `${from}resize 9x9 bilinear alignCorners`,
  softmax: `${from}flatten / dense 5 / softmax`,
  'softmax, its logarithm': `${from}flatten / dense 5 / softmax log`,
};

export function layerNetwork(text: string): Network {
  return networkFromText(text, 3);
}

/** Null where the format holds the network, else the reason it gives. */
export async function refusal(network: Network, format: NetworkFormat): Promise<string | null> {
  try {
    await writeNetworkFiles(network, format, 'net');
    return null;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return error.message.replace(/^\S+: /, '').replace(/^.*? "[^"]*": /, '');
  }
}
