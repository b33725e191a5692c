/** Networks as source a person can read, beside weights in safetensors: PyTorch's and Keras's. */
import type { NetworkWriter } from '../format';
import { writeSafetensors } from '../safetensors';
import { kerasSource, kerasSourceTensors } from './keras-source';
import { pytorchSource } from './pytorch-source';

const encoded = (text: string) => new TextEncoder().encode(text);

export const pytorchSourceWriter: NetworkWriter = {
  write(network, stem) {
    const weights = `${stem}.pytorch.safetensors`;
    const { text, tensors } = pytorchSource(network, weights);
    return Promise.resolve([
      { name: `${stem.replaceAll(/\W+/g, '_')}_pytorch.py`, bytes: encoded(text) },
      { name: weights, bytes: writeSafetensors(tensors) },
    ]);
  },
};

export const kerasSourceWriter: NetworkWriter = {
  write(network, stem) {
    const weights = `${stem}.keras.safetensors`;
    return Promise.resolve([
      { name: `${stem.replaceAll(/\W+/g, '_')}_keras.py`, bytes: encoded(kerasSource(network, weights)) },
      { name: weights, bytes: writeSafetensors(kerasSourceTensors(network, weights)) },
    ]);
  },
};
