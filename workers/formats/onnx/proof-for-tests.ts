/** For tests: a network written, reopened, and run by ONNX Runtime. */
import { expect } from 'vitest';
import { networkCosts } from '../../network/costs';
import type { Network } from '../../network/graph';
import { openNetworkFiles, writeNetworkFiles } from '../index';
import { compare } from './runtime-for-tests';

export async function written(network: Network): Promise<Uint8Array<ArrayBuffer>> {
  const [file] = await writeNetworkFiles(network, 'onnx', 'net');
  if (file === undefined) throw new Error('Nothing was written.');
  expect(file.name).toBe('net.onnx');
  return file.bytes;
}

export async function reopened(bytes: Uint8Array<ArrayBuffer>) {
  return openNetworkFiles([new File([bytes], 'net.onnx')]);
}

/** ONNX Runtime's outputs of what `network` is written as, against the float64 interpreter on the network itself. */
export async function proven(network: Network, images = 2): Promise<Network> {
  const bytes = await written(network);
  const { network: back } = await reopened(bytes);
  const [costs, expected] = [networkCosts(back.graph), networkCosts(network.graph)];
  expect(costs.macs).toBe(expected.macs);
  // ONNX has no batch norm without scale and shift: ones and zeros are written where there are none.
  const implied = network.graph.layers.some((layer) => layer.op === 'batchNorm' && layer.gamma === undefined);
  if (!implied) expect(costs.parameters).toBe(expected.parameters);
  const origin = back.meta.origin;
  const { difference } = await compare({ ...network, meta: { ...network.meta, origin } }, bytes, images);
  expect(difference).toBeLessThan(1e-4);
  const again = await compare(back, bytes, images);
  expect(again.difference).toBeLessThan(1e-4);
  return back;
}
