/** A network from a PyTorch checkpoint, recognised by the names and shapes of its tensors. */
import type { NetworkReader } from '../format';
import { recogniseNetwork } from '../recognise';
import { sidecarOf } from '../sidecar';
import { readCheckpoint } from './index';

export const pytorchReader: NetworkReader = {
  async read({ file }, beside) {
    const { tensors, notes, elements } = await readCheckpoint(file, file.name);
    const sidecar = await sidecarOf(beside);
    const opened = await recogniseNetwork({ tensors, format: 'pytorch', elements }, file.name, sidecar);
    return { ...opened, notes: [...notes, ...opened.notes] };
  },
};
