import { expect, it } from 'vitest';
import { createExecutor } from '../compute/runtime';
import { wasmFiles } from '../compute/wasm-files';
import { svd } from '../linalg/svd';
import type { Tensors } from '../network/graph';
import { unfoldKernel } from '../network/low-rank';
import { networkFromText } from '../network/text';
import { createControl } from '../training/control';
import { train } from '../training/loop';
import { tinyDataset, tinySettings } from '../training/tiny-task';
import type { RankPlan } from './method';
import { checkSettings } from './settings';
import { testContext } from './test-context';
import { trp } from './trp';

const network = networkFromText(
  'input 8x8x3 / conv 6 3x3 p1 / bn / relu / a = conv 8 3x3 p1 / bn / relu / b = conv 8 3x3 s2 p1 / relu / globalPool / dense 3',
  3,
);
const dataset = tinyDataset(64, 12);
const settings = checkSettings(trp.settings, { energy: 0.2, period: 2, lambda: 0.02, scheme: 'spatial' });

async function trainOn(device: 'wasm' | 'webgpu'): Promise<{ tensors: Tensors; plan: RankPlan | undefined }> {
  const executor = await createExecutor({ device, wasmFiles });
  const loaded = executor.load(network);
  const hooks = await trp.begin(testContext(trp, network, { settings, loaded, dataset }));
  try {
    await train({
      executor,
      loaded,
      dataset,
      normalisation: dataset.normalisation,
      settings: { ...tinySettings, epochs: 2 },
      seed: 5,
      control: createControl(),
      hooks,
      methodSettings: () => settings,
    });
    return { tensors: await loaded.readBack(), plan: await hooks.decideRanks?.(1) };
  } finally {
    hooks.dispose?.();
    loaded.dispose();
    executor.dispose();
  }
}

it('trains to the same ranks on WebGPU and on WASM, with kernels of exactly those', async () => {
  const gpu = await trainOn('webgpu');
  const cpu = await trainOn('wasm');
  expect(Object.keys(cpu.plan?.ranks ?? {})).toEqual(['a', 'b']);
  expect(gpu.plan).toEqual(cpu.plan);
  for (const [layer, rank] of Object.entries(gpu.plan?.ranks ?? {})) {
    const kernel = gpu.tensors[`${layer}.kernel`];
    if (kernel === undefined) throw new Error(`There must be a kernel of ${layer}.`);
    const { rows, cols, values } = unfoldKernel(kernel, 'spatial');
    const { s } = svd(rows, cols, values);
    expect(s[rank - 1]).toBeGreaterThan(1e-4 * (s[0] ?? 0));
    expect(s[rank]).toBeLessThan(1e-6 * (s[0] ?? 0));
  }
  for (const [name, { values }] of Object.entries(cpu.tensors)) {
    const other = gpu.tensors[name]?.values ?? [];
    values.forEach((value, at) => expect(Math.abs((other[at] ?? NaN) - value), name).toBeLessThan(5e-3));
  }
});
