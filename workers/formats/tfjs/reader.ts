/** TF.js models: `model.json` with its shards, a LayersModel or a GraphModel. */
import type { NetworkReader } from '../format';
import { FormatError } from '../format-error';
import { isFields } from '../keras/config';
import { applySidecar } from '../sidecar';
import { parseJsonStrictly } from '../strict-json';
import { readLayersModel } from './layers-model';
import { baseName, readWeights } from './manifest';

export const tfjsReader: NetworkReader = {
  async read({ file }, beside) {
    const json = parseJsonStrictly(await file.arrayBuffer(), file.name);
    const topology = isFields(json) ? json['modelTopology'] : undefined;
    if (!isFields(json) || !isFields(topology)) {
      throw new FormatError('malformed', 'It has no "modelTopology".', file.name, 'modelTopology');
    }
    const weights = await readWeights(json['weightsManifest'] ?? [], beside, file.name);
    // A shard is raw numbers and may look like anything, even like a JSON text.
    const others = beside.filter((other) => !weights.shards.includes(baseName(other.file.name)));
    if (Array.isArray(topology['node'])) {
      const { readGraphModel } = await import('./graph-model');
      return applySidecar(readGraphModel(json, topology['node'], weights, file.name), others);
    }
    return applySidecar(await readLayersModel(json, topology, weights, file.name), others);
  },
};
