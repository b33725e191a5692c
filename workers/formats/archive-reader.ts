/** Zip archives by what is inside: a project of this studio, a Keras model, a PyTorch checkpoint. */
import type { NetworkReader } from './format';
import { FormatError } from './format-error';
import { applySidecar } from './sidecar';
import { openZip } from './zip';

export const archiveReader: NetworkReader = {
  async read(main, beside) {
    const { file } = main;
    const zip = await openZip(file, file.name);
    if (zip.names.includes('manifest.json')) {
      const { projectReader } = await import('./project');
      return projectReader.read(main, beside);
    }
    if (zip.names.includes('metadata.json') && zip.names.includes('config.json')) {
      const { readKerasArchive } = await import('./keras/archive-reader');
      return applySidecar(await readKerasArchive(zip, file.name), beside);
    }
    if (zip.names.some((name) => /(^|\/)data\.pkl$/.test(name))) {
      const { pytorchReader } = await import('./pytorch/reader');
      return pytorchReader.read(main, beside);
    }
    const some = zip.names.slice(0, 4).join(', ') || 'nothing';
    const text = `The archive holds ${some}; it is no Espalier project, no Keras model (.keras) and no PyTorch checkpoint. Unpack it and open what is inside.`;
    throw new FormatError('not-this-format', text, file.name, 'zip');
  },
};
