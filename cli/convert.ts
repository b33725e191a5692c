/** `espalier convert`: a network in another format. In Node, without a browser. */
import { networkCosts } from '../workers/network/costs';
import { openNetwork, savedText, saveNetwork } from './network-io';
import { readParameters, UsageError } from './usage';

export async function convert(parameters: readonly string[]): Promise<void> {
  const { positional, values } = readParameters(parameters, { json: { type: 'boolean' } });
  const [from, to, ...others] = positional;
  if (from === undefined || to === undefined || others.length > 0) throw new UsageError('Name two files: IN and OUT.');
  const { network, notes } = await openNetwork(from);
  const saved = await saveNetwork(network, to);
  if (values['json'] === true) {
    const { macs, parameters: count } = networkCosts(network.graph);
    console.log(JSON.stringify({ file: from, ...saved, macs, parameters: count, notes }));
    return;
  }
  for (const note of notes) console.log(`note: ${note}`);
  console.log(savedText(saved));
}
