/** `espalier inspect`: what a network file holds. In Node, without a browser. */
import { networkReport, reportText } from '../workers/network/report';
import { asFile, listFiles } from './local-files';
import { openNetwork } from './network-io';
import { listTensors } from './tensors';
import { onlyOne, readParameters } from './usage';

export async function inspect(parameters: readonly string[]): Promise<void> {
  const { positional, values } = readParameters(parameters, {
    tensors: { type: 'boolean' },
    json: { type: 'boolean' },
  });
  const path = onlyOne(positional, 'FILE');
  if (values['tensors'] === true) return inspectTensors(path, values['json'] === true);
  const { network, notes } = await openNetwork(path);
  const report = networkReport(network);
  if (values['json'] === true) {
    console.log(JSON.stringify({ file: path, ...report, notes }));
    return;
  }
  console.log(reportText(report));
  for (const note of notes) console.log(`note: ${note}`);
}

/** The tensors of a file of weights, however large, whether its architecture is known or not. */
async function inspectTensors(path: string, json: boolean): Promise<void> {
  const [file] = listFiles(path);
  if (file === undefined) return;
  const tensors = await listTensors(await asFile(file));
  if (json) {
    console.log(JSON.stringify({ file: path, tensors }));
    return;
  }
  for (const { name, shape } of tensors) console.log(`${name} [${shape.join(', ')}]`);
  const numbers = tensors.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
  console.log(`${tensors.length.toLocaleString('en')} tensors, ${numbers.toLocaleString('en')} numbers`);
}
