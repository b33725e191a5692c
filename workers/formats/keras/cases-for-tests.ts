/** For tests and the table of formats: Keras layers in small models, which TF.js runs beside us. */

export interface KerasCase {
  readonly layers: readonly LayerInit[];
  /** Height, width and channels of the input; 6x8x3 when absent. */
  readonly input?: readonly number[];
}

export interface LayerInit {
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Positions in `layers` of what it reads, -1 for the input; the layer before it when absent. */
  readonly from?: readonly number[];
}

function layer(className: string, config: Readonly<Record<string, unknown>> = {}, from?: readonly number[]): LayerInit {
  return { className, config, ...(from === undefined ? {} : { from }) };
}

const conv = layer('Conv2D', { filters: 4, kernel_size: [3, 3], padding: 'same' });

export const kerasCases: Readonly<Record<string, KerasCase>> = {
  'Conv2D strided, dilated, with activations': {
    layers: [
      layer('Conv2D', { filters: 4, kernel_size: [3, 3], strides: [2, 2], padding: 'same', activation: 'relu' }),
      layer('Conv2D', { filters: 5, kernel_size: [2, 2], dilation_rate: [1, 2], activation: 'tanh', use_bias: false }),
    ],
  },
  'DepthwiseConv2D, and with a depth multiplier': {
    layers: [
      layer('DepthwiseConv2D', { kernel_size: [3, 3], padding: 'same' }),
      layer('DepthwiseConv2D', { kernel_size: [3, 3], strides: [2, 2], depth_multiplier: 2, use_bias: false }),
    ],
  },
  SeparableConv2D: {
    layers: [layer('SeparableConv2D', { filters: 5, kernel_size: [3, 3], padding: 'same', depth_multiplier: 2 })],
  },
  'Conv2DTranspose, same and valid': {
    layers: [
      layer('Conv2DTranspose', { filters: 4, kernel_size: [3, 3], strides: [2, 2], padding: 'same' }),
      layer('Conv2DTranspose', { filters: 3, kernel_size: [2, 2], strides: [3, 3], padding: 'valid' }),
    ],
  },
  'Flatten and Dense, softmax at the end': {
    layers: [
      layer('Flatten'),
      layer('Dense', { units: 6, activation: 'elu' }),
      layer('Dense', { units: 3, activation: 'softmax' }),
    ],
  },
  'Dense on images': { layers: [layer('Dense', { units: 5 })] },
  'BatchNormalization, PReLU': {
    layers: [conv, layer('BatchNormalization', { epsilon: 0.01 }), layer('PReLU', { shared_axes: [1, 2] })],
  },
  'ReLU with a bound and with a slope, LeakyReLU, ELU, Softmax': {
    layers: [
      layer('ReLU', { max_value: 6 }),
      layer('ReLU', { max_value: 0.75 }, [-1]),
      layer('LeakyReLU', { alpha: 0.2 }, [-1]),
      layer('ELU', { alpha: 1 }, [-1]),
      layer('Softmax', { axis: -1 }, [-1]),
      layer('Add', {}, [0, 1, 2, 3, 4]),
    ],
  },
  'Activation by name': {
    layers: [
      ...['relu', 'relu6', 'sigmoid', 'hard_sigmoid', 'tanh', 'elu', 'softplus', 'swish', 'linear', 'softmax'].map(
        (activation) => layer('Activation', { activation }, [-1]),
      ),
      layer('Add', {}, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
    ],
  },
  'Activation logSoftmax, as TF.js calls it': {
    layers: [layer('Flatten'), layer('Dense', { units: 3, activation: 'logSoftmax' })],
  },
  'MaxPooling2D and AveragePooling2D, padded and not': {
    layers: [
      layer('MaxPooling2D', { pool_size: [3, 3], strides: [2, 2], padding: 'same' }),
      layer('AveragePooling2D', { pool_size: [2, 2], strides: [1, 1], padding: 'same' }),
    ],
  },
  'GlobalAveragePooling2D, GlobalMaxPooling2D, Concatenate': {
    layers: [
      layer('GlobalAveragePooling2D'),
      layer('GlobalMaxPooling2D', {}, [-1]),
      layer('Concatenate', { axis: -1 }, [0, 1]),
    ],
  },
  'Add, Average, Multiply, Concatenate along height and width': {
    layers: [
      conv,
      layer('Conv2D', { filters: 4, kernel_size: [1, 1] }, [-1]),
      layer('Add', {}, [0, 1]),
      layer('Average', {}, [0, 1, 2]),
      layer('Multiply', {}, [2, 3]),
      layer('Concatenate', { axis: 1 }, [3, 4]),
      layer('Concatenate', { axis: 2 }, [5, 5]),
    ],
  },
  'Reshape, Permute that moves nothing, Flatten': {
    layers: [layer('Reshape', { target_shape: [3, 16, 3] }), layer('Permute', { dims: [1, 2, 3] }), layer('Flatten')],
  },
  'ZeroPadding2D, Cropping2D': {
    layers: [
      layer('ZeroPadding2D', {
        padding: [
          [1, 2],
          [0, 3],
        ],
      }),
      layer('Cropping2D', {
        cropping: [
          [2, 0],
          [1, 1],
        ],
      }),
    ],
  },
  'UpSampling2D, nearest and bilinear': {
    layers: [
      layer('UpSampling2D', { size: [2, 3] }),
      layer('UpSampling2D', { size: [2, 2], interpolation: 'bilinear' }),
    ],
  },
  Rescaling: { layers: [layer('Rescaling', { scale: 0.5, offset: -1 })] },
  'Dropout, GaussianNoise, GaussianDropout, AlphaDropout do nothing': {
    layers: [
      layer('Dropout', { rate: 0.5 }),
      layer('GaussianNoise', { stddev: 1 }),
      layer('GaussianDropout', { rate: 0.5 }),
      layer('AlphaDropout', { rate: 0.5 }),
      conv,
    ],
  },
};
