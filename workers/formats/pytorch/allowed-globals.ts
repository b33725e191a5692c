/**
 * The names a checkpoint may refer to. None is ever called: tensors are rebuilt here from their description, everything else
 * stays inert data. A name that is not listed is refused, whatever it would do.
 */

/** Element types by the storage class that PyTorch names. */
export const storageTypes = {
  FloatStorage: 'F32',
  DoubleStorage: 'F64',
  HalfStorage: 'F16',
  BFloat16Storage: 'BF16',
  LongStorage: 'I64',
  IntStorage: 'I32',
  ShortStorage: 'I16',
  CharStorage: 'I8',
  ByteStorage: 'U8',
  BoolStorage: 'BOOL',
} as const;

export type StorageClass = keyof typeof storageTypes;

export function isStorageClass(name: string): name is StorageClass {
  return Object.hasOwn(storageTypes, name);
}

const dataTypes = ['float32', 'float64', 'float16', 'bfloat16', 'int64', 'int32', 'int16', 'int8', 'uint8', 'bool'];

const allowed: Readonly<Record<string, readonly string[]>> = {
  collections: ['OrderedDict', 'defaultdict', 'Counter'],
  'torch._utils': ['_rebuild_tensor', '_rebuild_tensor_v2', '_rebuild_parameter', '_rebuild_parameter_with_state'],
  'torch._tensor': ['_rebuild_from_type_v2'],
  torch: ['Size', 'device', 'Tensor', ...Object.keys(storageTypes), ...dataTypes],
  'torch.cuda': Object.keys(storageTypes),
  'torch.nn.parameter': ['Parameter'],
  // What training scripts leave beside the weights: best accuracies, options, sets.
  'numpy.core.multiarray': ['scalar', '_reconstruct'],
  'numpy._core.multiarray': ['scalar', '_reconstruct'],
  numpy: ['dtype', 'ndarray'],
  _codecs: ['encode'],
  argparse: ['Namespace'],
  builtins: [
    'set',
    'frozenset',
    'dict',
    'list',
    'tuple',
    'int',
    'float',
    'bool',
    'str',
    'bytearray',
    'complex',
    'slice',
  ],
  __builtin__: ['set', 'frozenset', 'dict', 'list', 'tuple', 'int', 'float', 'bool', 'unicode', 'long'],
};

export function isAllowed(module: string, name: string): boolean {
  return Object.hasOwn(allowed, module) && (allowed[module]?.includes(name) ?? false);
}
