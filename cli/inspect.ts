/** `espalier inspect`: what a network file holds. In Node, without a browser. */
import { networkReport, reportText } from '../workers/network/report';
import { openNetwork } from './network-io';
import { onlyOne, readParameters } from './usage';

export async function inspect(parameters: readonly string[]): Promise<void> {
  const { positional, values } = readParameters(parameters, { json: { type: 'boolean' } });
  const path = onlyOne(positional, 'FILE');
  const { network, notes } = await openNetwork(path);
  const report = networkReport(network);
  if (values['json'] === true) {
    console.log(JSON.stringify({ file: path, ...report, notes }));
    return;
  }
  console.log(reportText(report));
  for (const note of notes) console.log(`note: ${note}`);
}
