/** `espalier evaluate`: accuracy of a network file on a split. */
import { basename } from 'node:path';
import type { HeadlessEvaluation } from '../src/headless-api';
import { withStudioPage } from './browser';
import { dataAt } from './data-source';
import { networkFiles } from './local-files';
import { choiceOption, numberOption, onlyOne, readParameters, textOption, UsageError } from './usage';

export async function evaluate(parameters: readonly string[]): Promise<void> {
  const { positional, values } = readParameters(parameters, {
    data: { type: 'string' },
    split: { type: 'string' },
    images: { type: 'string' },
    device: { type: 'string' },
    json: { type: 'boolean' },
  });
  const path = onlyOne(positional, 'FILE');
  const dataPath = textOption(values['data']);
  if (dataPath === undefined) {
    throw new UsageError('--data PATH is missing ("shapes10", "cuerods" and "cuerods64" are the built-in sets).');
  }
  const split = choiceOption('split', values['split'], ['train', 'validation', 'test']) ?? 'test';
  const data = dataAt(dataPath);
  const network = networkFiles(path);
  const outcome = await withStudioPage([...network, ...data.files], undefined, ({ page, files }) => {
    const request: HeadlessEvaluation = {
      device: choiceOption('device', values['device'], ['auto', 'webgpu', 'wasm']) ?? 'auto',
      network: { source: 'file', name: basename(path) },
      networkFiles: files.slice(0, network.length),
      data: data.source,
      dataFiles: files.slice(network.length),
      split,
      images: numberOption('images', values['images'], 1) ?? null,
    };
    return page.evaluate(async (asked) => {
      if (window.espalier === undefined) throw new Error('The page is not ready.');
      return window.espalier.evaluate(asked);
    }, request);
  });
  const { accuracy, loss, images, perClass, seconds, device } = outcome;
  if (values['json'] === true) {
    const summary = { file: path, split, accuracy, loss, images, perClass, device: device.kind, seconds };
    console.log(JSON.stringify(summary));
    return;
  }
  const right = Math.round(accuracy * images).toLocaleString('en');
  const share = (100 * accuracy).toFixed(2);
  console.log(`${share} % (${right} of ${images.toLocaleString('en')} ${split} images), loss ${loss.toFixed(4)}`);
  console.log(`${device.kind.toUpperCase()}, ${device.description}: ${seconds.toFixed(1)} s`);
}
