/**
 * Inference over a graph: running statistics, no gradients, values released after their last reader.
 */
import * as tf from '@tensorflow/tfjs-core';
import { NetworkError, type Graph, type Layer, type LayerId } from '../../network/graph';
import type { Gates } from '../executor';
import { scaleShift } from '../ops/channels';
import { layerOutput, normOutput, type Weights } from './forward';
import { normChains } from './fusion';

/** The layers `wanted` depends on, in order. Throws `NetworkError` for a layer the graph does not have. */
export function ancestors(graph: Graph, wanted: readonly LayerId[]): readonly Layer[] {
  const needed = new Set<LayerId>(wanted);
  const layers = graph.layers.toReversed().filter((layer) => {
    if (!needed.has(layer.id)) return false;
    for (const id of layer.inputs) needed.add(id);
    return true;
  });
  if (layers.length < needed.size) {
    const missing = [...needed].find((id) => !graph.layers.some((layer) => layer.id === id));
    throw new NetworkError(`The network has no layer "${missing ?? ''}".`, missing);
  }
  return layers.toReversed();
}

/** Outputs of `wanted` (gates applied), in order, new tensors. `layers` are its ancestors in order. */
export function infer(
  layers: readonly Layer[],
  images: tf.Tensor,
  weights: Weights,
  gates: Gates,
  wanted: readonly LayerId[],
): tf.Tensor[] {
  const lastReader = new Map<LayerId, LayerId>();
  for (const layer of layers) for (const id of layer.inputs) lastReader.set(id, layer.id);
  const asked = new Set(wanted);
  return tf.tidy(() => {
    const values = new Map<LayerId, tf.Tensor>();
    const { chains, absorbed } = normChains(layers, wanted, new Set(gates.keys()));
    for (const layer of layers) {
      if (!absorbed.has(layer.id)) {
        const inputs = layer.op === 'input' ? [images] : layer.inputs.map((id) => valueOf(values, id));
        const chain = chains.get(layer.id);
        const residual = chain?.residual === undefined ? undefined : valueOf(values, chain.residual);
        const [x] = inputs;
        const output =
          layer.op === 'batchNorm' && x !== undefined
            ? normOutput(layer, x, weights, { residual, rectified: chain?.rectified })
            : layerOutput(layer, inputs, weights);
        values.set(chain?.last ?? layer.id, gated(output, gates.get(chain?.last ?? layer.id)));
      }
      for (const id of new Set(layer.inputs)) {
        if (lastReader.get(id) !== layer.id || asked.has(id)) continue;
        values.get(id)?.dispose();
        values.delete(id);
      }
    }
    // A layer may be asked for twice; each answer has an owner of its own.
    return wanted.map((id, at) => (wanted.indexOf(id) === at ? valueOf(values, id) : valueOf(values, id).clone()));
  });
}

function gated(output: tf.Tensor, gate: tf.Tensor1D | undefined): tf.Tensor {
  if (gate === undefined) return output;
  const product = scaleShift(output, gate, undefined);
  output.dispose();
  return product;
}

function valueOf(values: ReadonlyMap<LayerId, tf.Tensor>, id: LayerId): tf.Tensor {
  const value = values.get(id);
  if (value === undefined) throw new NetworkError(`Layer "${id}" has not been computed.`, id);
  return value;
}
