/** Single operations that Keras files hold beside layers: `x * 2`, `tf.nn.relu6(x)`, `keras.ops.mean(x, [1, 2])`. */
import type { LayerId } from '../../network/graph';
import { NotUnderstood } from '../network-draft';
import { activationLayer } from './activations';
import { plainClasses } from './layers-plain';
import type { Translation } from './translation';

type Arithmetic = 'add' | 'subtract' | 'multiply' | 'divide';

const arithmetic: Readonly<Record<string, Arithmetic>> = {
  add: 'add',
  addv2: 'add',
  subtract: 'subtract',
  sub: 'subtract',
  multiply: 'multiply',
  mul: 'multiply',
  divide: 'divide',
  truediv: 'divide',
  truedivide: 'divide',
};

const activations = new Set([
  'relu',
  'relu6',
  'sigmoid',
  'silu',
  'swish',
  'tanh',
  'softmax',
  'logsoftmax',
  'softplus',
  'elu',
  'gelu',
  'hardsigmoid',
  'hardsilu',
  'hardswish',
]);

/** "tf.math.true_divide", "__operators__.truediv" and "TrueDivide" without case, underscores and module. */
function plainName({ call }: Translation): string {
  const named = call.className === 'TFOpLambda' ? call.config['function'] : call.className;
  return typeof named === 'string' ? (named.split('.').at(-1) ?? '').replaceAll('_', '').toLowerCase() : '';
}

function numbersIn(value: unknown): readonly number[] {
  if (typeof value === 'number') return [value];
  return Array.isArray(value) ? value.flatMap((item: unknown) => numbersIn(item)) : [];
}

/** The number a call is given beside its one input, and whether it stands first. */
function constantOf({ call }: Translation): { readonly value: number; readonly first: boolean } | undefined {
  const { x, y, constants } = call.parameters;
  const [listed] = numbersIn(constants);
  const value = typeof y === 'number' ? y : typeof x === 'number' ? x : listed;
  return value === undefined ? undefined : { value, first: typeof x === 'number' };
}

function compute(t: Translation, kind: Arithmetic): LayerId {
  if (t.inputs.length > 1) {
    const twin = { add: 'Add', subtract: 'Subtract', multiply: 'Multiply', divide: undefined }[kind];
    const translate = twin === undefined ? undefined : plainClasses[twin];
    if (translate === undefined) throw new NotUnderstood('Dividing one tensor by another has no layer here.');
    return translate(t);
  }
  const constant = constantOf(t);
  if (constant === undefined) throw new NotUnderstood('The number it computes with is not in the file.');
  const { value, first } = constant;
  const scale = (factor: number, offset: number): LayerId =>
    t.add({ op: 'scale', id: t.id, inputs: [t.input], factor, offset });
  switch (kind) {
    case 'add':
      return scale(1, value);
    case 'subtract':
      return first ? scale(-1, value) : scale(1, -value);
    case 'multiply':
      return scale(value, 0);
    case 'divide':
      if (first) throw new NotUnderstood('Dividing a number by a tensor has no layer here.');
      return scale(1 / value, 0);
  }
}

function mean(t: Translation): LayerId {
  const { axis, keepdims, constants } = t.call.parameters;
  const axes = numbersIn(axis ?? constants).map((at) => (at < 0 ? at + 4 : at));
  if (axes.toSorted((a, b) => a - b).join() !== '1,2')
    throw new NotUnderstood('Only a mean over positions has a layer here.');
  const place = { op: 'globalPool', id: t.id, inputs: [t.input], mode: 'average' } as const;
  return t.add(keepdims === true ? { ...place, keepSpatial: true } : place);
}

/** What translates an operation; undefined when the call is none that is known. */
export function operationOf(t: Translation): (() => LayerId) | undefined {
  const name = plainName(t);
  const kind = Object.hasOwn(arithmetic, name) ? arithmetic[name] : undefined;
  if (kind !== undefined) return () => compute(t, kind);
  if (activations.has(name)) {
    return () => {
      const layer = activationLayer(name, t.dialect, t.id, t.input);
      return layer === undefined ? t.input : t.add(layer);
    };
  }
  if (name === 'reducemean' || name === 'mean') return () => mean(t);
  return undefined;
}
