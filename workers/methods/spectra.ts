/** The singular values of every kernel a network could be truncated in: what ranks are chosen by. */
import { directionEnergies } from '../linalg/svd';
import { NetworkError, type LayerId, type Network, type TensorName } from '../network/graph';
import { eligibleLayers, unfoldKernel, type Scheme } from '../network/low-rank';
import type { KernelSpectrum, Spectra } from '../network/rank-plan';
import { createTurns } from '../training/turns';
import type { MethodContext, SettingDeclaration, SettingValues } from './method';

/** Settings of every method that truncates: how a kernel becomes a matrix, and which kernels. */
export const schemeSetting = {
  kind: 'choice',
  label: 'Scheme',
  explain: 'By channel: a full window to few channels, then 1x1. Spatial: a column window, then a row window.',
  default: 'channel',
  options: [
    { value: 'channel', label: 'By channel' },
    { value: 'spatial', label: 'Spatial' },
  ],
} as const satisfies SettingDeclaration;
export const include1x1Setting = {
  kind: 'switch',
  label: 'Split 1x1 convolutions too',
  explain: 'They have one matrix for both schemes, and little to gain in small networks.',
  default: false,
} as const satisfies SettingDeclaration;

function schemeOf(settings: SettingValues): { readonly scheme: Scheme; readonly include1x1: boolean } {
  return {
    scheme: settings['scheme'] === 'spatial' ? 'spatial' : 'channel',
    include1x1: settings['include1x1'] === true,
  };
}

/**
 * Spectra by the settings `scheme` and `include1x1`. Reports progress and hears cancellation between kernels.
 *
 * In single precision, so that the page, which gets them in a message, decides exactly as the worker does.
 */
export async function kernelSpectra({
  network,
  settings,
  signal,
  progress,
}: Pick<MethodContext, 'network' | 'settings' | 'signal' | 'progress'>): Promise<Spectra> {
  const { scheme, include1x1 } = schemeOf(settings);
  const byKernel = new Map<TensorName, LayerId[]>();
  for (const { id, kernel } of eligibleLayers(network.graph, { include1x1 })) {
    byKernel.set(kernel, [...(byKernel.get(kernel) ?? []), id]);
  }
  const kernels: KernelSpectrum[] = [];
  const turns = createTurns();
  try {
    for (const [name, layers] of byKernel) {
      signal.throwIfAborted();
      kernels.push({ layers, values: singularValues(network, name, layers[0], scheme) });
      progress(kernels.length / byKernel.size, `Singular values of kernel ${kernels.length} of ${byKernel.size}`);
      await turns.next();
    }
  } finally {
    turns.close();
  }
  return { scheme, kernels };
}

function singularValues(
  { tensors }: Network,
  name: TensorName,
  layer: LayerId | undefined,
  scheme: Scheme,
): Float32Array {
  const kernel = tensors[name];
  if (kernel === undefined)
    throw new NetworkError(`Layer "${layer}" names the tensor "${name}", which is missing.`, layer);
  const { rows, cols, values } = unfoldKernel(kernel, scheme);
  return Float32Array.from(directionEnergies(rows, cols, values), Math.sqrt);
}
