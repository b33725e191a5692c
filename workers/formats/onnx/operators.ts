/** Which operator is read by what. */
import * as activations from './activations';
import * as arithmetic from './arithmetic';
import * as heads from './heads';
import * as parts from './parts';
import { resize } from './resizing';
import * as regroup from './regroup';
import type { Handler } from './site';
import * as windows from './windows';

export const handlers: Readonly<Record<string, Handler>> = {
  Add: arithmetic.add,
  AveragePool: windows.averagePool,
  BatchNormalization: arithmetic.batchNorm,
  Cast: regroup.cast,
  Clip: activations.clip,
  Concat: parts.concat,
  Conv: windows.conv,
  ConvTranspose: windows.convTranspose,
  Div: arithmetic.divide,
  Dropout: regroup.pass,
  Elu: activations.elu,
  Expand: regroup.expand,
  Flatten: regroup.regroup,
  Gather: parts.gather,
  Gelu: activations.gelu,
  Gemm: heads.gemm,
  GlobalAveragePool: windows.globalPool('average'),
  GlobalMaxPool: windows.globalPool('max'),
  HardSigmoid: activations.hardSigmoid,
  HardSwish: activations.simple('hardSwish'),
  Identity: regroup.pass,
  LeakyRelu: activations.leakyRelu,
  LogSoftmax: activations.softmax,
  MatMul: heads.matMul,
  Max: arithmetic.bounded('max'),
  MaxPool: windows.maxPool,
  Min: arithmetic.bounded('min'),
  Mish: activations.mish,
  Mul: arithmetic.multiply,
  Neg: arithmetic.negate,
  PRelu: activations.prelu,
  Pad: parts.pad,
  Pow: arithmetic.power,
  ReduceMax: heads.reduce('max'),
  ReduceMean: heads.reduce('average'),
  ReduceSum: heads.reduceSum,
  Relu: activations.simple('relu'),
  Reshape: regroup.reshape,
  Resize: resize,
  Sigmoid: activations.simple('sigmoid'),
  Slice: parts.slice,
  Softmax: activations.softmax,
  Softplus: activations.simple('softplus'),
  SpaceToDepth: parts.spaceToDepth,
  Split: parts.split,
  Squeeze: regroup.regroup,
  Sub: arithmetic.subtract,
  Sum: arithmetic.sumOfAll,
  Tanh: activations.simple('tanh'),
  Transpose: regroup.transpose,
  Unsqueeze: regroup.regroup,
  Upsample: resize,
};

/** Operators whose output has the shape of their first input, whatever they compute. */
const shapeKeeping: ReadonlySet<string> = new Set(
  (
    'Abs Acos Asin Atan BatchNormalization Cast Ceil Celu Clip Cos CumSum DequantizeLinear Elu Erf Exp Floor Gelu ' +
    'GroupNormalization HardSigmoid HardSwish Hardmax InstanceNormalization LRN LayerNormalization LeakyRelu Log ' +
    'LpNormalization MeanVarianceNormalization Mish Not PRelu QuantizeLinear Reciprocal Relu Round Selu ' +
    'Shrink Sigmoid Sign Sin Softmax Softplus Softsign Sqrt Swish Tan Tanh ThresholdedRelu Trilu'
  ).split(' '),
);

export function keepsShape(op: string): boolean {
  return shapeKeeping.has(op);
}
