/** Layers that join, cut and move numbers as Keras layers. */
import type { Layer, LayerId } from '../../network/graph';
import type { KerasSheet } from './write-sheet';

export function multiply(sheet: KerasSheet, layer: Layer, inputs: readonly string[]): string {
  const [first, second] = layer.inputs.map((id) => sheet.shapeOf(id));
  const [one = '', other = ''] = inputs;
  if (first?.length === 3 && second?.length === 1) {
    const gate = sheet.add(`${layer.id}.gate`, 'Reshape', { target_shape: [1, 1, second[0]] }, [other]);
    return sheet.add(layer.id, 'Multiply', {}, [one, gate]);
  }
  return sheet.add(layer.id, 'Multiply', {}, inputs);
}

export function pad(sheet: KerasSheet, layer: Extract<Layer, { op: 'pad' }>, inputs: readonly string[]): string {
  const [top, bottom, left, right] = layer.padding;
  const [before, after] = layer.channels;
  const spatial = layer.padding.some((amount) => amount > 0);
  const config = {
    padding: [
      [top, bottom],
      [left, right],
    ],
    data_format: 'channels_last',
  };
  const padded = spatial
    ? [sheet.add(before + after > 0 ? `${layer.id}.space` : layer.id, 'ZeroPadding2D', config, inputs)]
    : inputs;
  if (before + after === 0) return padded[0] ?? '';
  const channels = sheet.shapeOf(layer.inputs[0]).at(-1) ?? 0;
  const from = Array.from({ length: before + channels + after }, (_, at) =>
    at < before || at >= before + channels ? -1 : at - before,
  );
  return selection(sheet, layer.id, from, channels, padded);
}

export function slice(sheet: KerasSheet, layer: Extract<Layer, { op: 'slice' }>, inputs: readonly string[]): string {
  const [height = 1, width = 1, channels = 1] = sheet.shapeOf(layer.inputs[0]);
  const { begin, end, stride } = layer;
  let from = inputs;
  const crops = [
    [begin[0], height - end[0]],
    [begin[1], width - end[1]],
  ];
  if (crops.flat().some((amount) => amount > 0)) {
    from = [sheet.add(`${layer.id}.crop`, 'Cropping2D', { cropping: crops, data_format: 'channels_last' }, from)];
  }
  if (stride[0] > 1 || stride[1] > 1) {
    // Pooling windows of one pixel take one pixel in `stride`.
    const config = {
      pool_size: [1, 1],
      strides: [stride[0], stride[1]],
      padding: 'valid',
      data_format: 'channels_last',
    };
    from = [sheet.add(`${layer.id}.stride`, 'MaxPooling2D', config, from)];
  }
  if (begin[2] === 0 && end[2] === channels && stride[2] === 1) return from[0] ?? '';
  const kept = Array.from({ length: channels }, (_, at) => at).filter(
    (at) => at >= begin[2] && at < end[2] && (at - begin[2]) % stride[2] === 0,
  );
  return selection(sheet, layer.id, kept, channels, from);
}

export function gather(sheet: KerasSheet, layer: Extract<Layer, { op: 'gather' }>, inputs: readonly string[]): string {
  const shape = sheet.shapeOf(layer.inputs[0]);
  const channels = shape.at(-1) ?? 0;
  if (shape.length === 3) return selection(sheet, layer.id, layer.channels, channels, inputs);
  const kernel = { shape: [channels, layer.channels.length], values: picking(layer.channels, channels) };
  const config = { units: layer.channels.length, activation: 'linear', use_bias: false };
  return sheet.add(layer.id, 'Dense', config, inputs, [['kernel', kernel]]);
}

export function resize(sheet: KerasSheet, layer: Extract<Layer, { op: 'resize' }>, inputs: readonly string[]): string {
  const [height, width] = sheet.positions(layer);
  const size = [layer.size[0] / height, layer.size[1] / width];
  const whole = size.every(Number.isInteger) && layer.grid !== 'alignCorners';
  if (!whole) throw sheet.unsupported(layer, 'TF.js resizes by whole factors, and not corner to corner');
  const between = layer.mode === 'bilinear' && layer.grid === 'halfPixel';
  if (between && sheet.runtime === 'tfjs') return blurred(sheet, layer.id, size, inputs);
  if (layer.mode === 'bilinear' && !between && sheet.runtime === 'keras') {
    throw sheet.unsupported(layer, 'Keras resizes between the centres of pixels, not from their corner');
  }
  return sheet.add(layer.id, 'UpSampling2D', { size, interpolation: layer.mode, data_format: 'channels_last' }, inputs);
}

/** Channels kept, moved or added by a fixed 1x1 convolution: `from[k]` is the input channel of output k, -1 for none. */
function selection(
  sheet: KerasSheet,
  id: string,
  from: readonly number[],
  channels: number,
  inputs: readonly string[],
): string {
  const values = picking(from, channels);
  const window = { kernelSize: [1, 1], stride: [1, 1] } as const;
  const config = sheet.windowConfig(window, 'valid', { filters: from.length, dilation_rate: [1, 1], use_bias: false });
  return sheet.add(id, 'Conv2D', config, inputs, [['kernel', { shape: [1, 1, channels, from.length], values }]]);
}

/** `[channels, from.length]`: 1 where input channel `from[k]` becomes output k. */
function picking(from: readonly number[], channels: number): Float32Array {
  const values = new Float32Array(channels * from.length);
  from.forEach((channel, filter) => {
    if (channel >= 0) values[channel * from.length + filter] = 1;
  });
  return values;
}

/**
 * Bilinear by a factor f between centres of pixels, exactly: every pixel repeated 2 f times, then means of 2 f of them
 * in steps of 2. A window at the border has fewer, all of the border's pixel, as there the border repeats.
 */
function blurred(sheet: KerasSheet, id: LayerId, factors: readonly number[], inputs: readonly string[]): string {
  const repeats = factors.map((factor) => 2 * factor);
  const repeat = { size: repeats, interpolation: 'nearest', data_format: 'channels_last' };
  const mean = { pool_size: repeats, strides: [2, 2], padding: 'same', data_format: 'channels_last' };
  return sheet.add(id, 'AveragePooling2D', mean, [sheet.add(`${id}.repeated`, 'UpSampling2D', repeat, inputs)]);
}
