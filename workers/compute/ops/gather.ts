/** Channels moved, left out or repeated, and the gradient of that. Channels are the last axis. All results are new tensors. */
import * as tf from '@tensorflow/tfjs-core';

/** Output channel i is input channel `channels[i]`. */
export function gatherChannels(x: tf.Tensor, channels: readonly number[]): tf.Tensor {
  return tf.tidy(() => tf.gather(x, tf.tensor1d([...channels], 'int32'), x.rank - 1));
}

/** Gradient by the input of shape `inputShape`: each input channel gets the sum of what its copies got. */
export function gatherGradient(dy: tf.Tensor, inputShape: readonly number[], channels: readonly number[]): tf.Tensor {
  const copies = Array.from({ length: inputShape.at(-1) ?? 0 }, (): number[] => []);
  channels.forEach((channel, at) => copies[channel]?.push(at));
  const most = Math.max(...copies.map(({ length }) => length));
  if (most === 1 && channels.length === copies.length) {
    return gatherChannels(
      dy,
      copies.map(([at = 0]) => at),
    );
  }
  return tf.tidy(() => {
    // One more channel, of zeros, for those that have no copy, or no further one.
    const none = channels.length;
    const padded = tf.pad(dy, [...dy.shape.slice(1).map((): [number, number] => [0, 0]), [0, 1]]);
    const turns = Array.from({ length: most }, (_, turn) =>
      gatherChannels(
        padded,
        copies.map((places) => places[turn] ?? none),
      ),
    );
    return tf.addN(turns);
  });
}
