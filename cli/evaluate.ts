/** `espalier evaluate`: accuracy of a network file on a split. */
import { basename } from 'node:path';
import type { HeadlessEvaluation } from '../src/headless-api';
import type { PassFigures } from '../workers/protocol';
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
  const device = choiceOption('device', values['device'], ['auto', 'webgpu', 'wasm']) ?? 'auto';
  const images = numberOption('images', values['images'], 1) ?? null;
  const data = dataAt(dataPath);
  const network = networkFiles(path);
  const outcome = await withStudioPage([...network, ...data.files], undefined, ({ page, files }) => {
    const request: HeadlessEvaluation = {
      device,
      network: { source: 'file', name: basename(path) },
      networkFiles: files.slice(0, network.length),
      data: data.source,
      dataFiles: files.slice(network.length),
      split,
      images,
    };
    return page.evaluate(async (asked) => {
      if (window.espalier === undefined) throw new Error('The page is not ready.');
      return window.espalier.evaluate(asked);
    }, request);
  });
  const { metric, accuracy, loss, perClass, passes, seconds, input } = outcome;
  if (values['json'] === true) {
    const summary = {
      file: path,
      split,
      metric,
      accuracy,
      loss,
      images: outcome.images,
      perClass,
      passes,
      device: outcome.device.kind,
      seconds,
      input,
    };
    console.log(JSON.stringify(summary));
    return;
  }
  if (input !== null) {
    const found = `${(100 * input.accuracy).toFixed(1)} % on ${input.images} other images`;
    console.log(`The file does not say how its input is made; tried, and best: ${input.title} (${found}).`);
  }
  const count = outcome.images.toLocaleString('en');
  if (metric === 'mIoU') {
    passes.forEach((pass, at) => console.log(passText(pass, passes.length === 1 ? '' : `pass ${at + 1}: `)));
    console.log(`${count} ${split} images`);
  } else {
    const right = Math.round(accuracy * outcome.images).toLocaleString('en');
    console.log(`${percent(accuracy)} (${right} of ${count} ${split} images), loss ${loss.toFixed(4)}`);
  }
  console.log(`${outcome.device.kind.toUpperCase()}, ${outcome.device.description}: ${seconds.toFixed(1)} s`);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

/** "pass 2: mIoU 86.80 %, 93.10 % of the pixels, loss 0.2101; near 93 %, far 80 %". */
function passText({ mIoU, accuracy, loss, bands }: PassFigures, name: string): string {
  const near = bands
    .filter(({ count }) => count > 0)
    .map(({ name: band, correct, count }) => `${band} ${Math.round((100 * correct) / count)} %`);
  const tail = near.length === 0 ? '' : `; ${near.join(', ')}`;
  return `${name}mIoU ${percent(mIoU ?? 0)}, ${percent(accuracy)} of the pixels, loss ${loss.toFixed(4)}${tail}`;
}
