/** `espalier prune`: a smaller network by its weights alone. In Node, without a browser, images or training. */
import { networkCosts } from '../workers/network/costs';
import { openNetwork, savedText, saveNetwork } from './network-io';
import { onlyOne, readParameters, textOption, UsageError } from './usage';

/** "50%" or "0.5" as a share. Throws `UsageError` outside (0, 1]. */
export function shareOption(text: string): number {
  const share = text.endsWith('%') ? Number(text.slice(0, -1)) / 100 : Number(text);
  if (text.trim() !== '' && text !== '%' && share > 0 && share <= 1) return share;
  throw new UsageError(`--keep must be a share of the multiply-adds such as 50% or 0.5, not "${text}".`);
}

export async function prune(parameters: readonly string[]): Promise<void> {
  const { positional, values } = readParameters(parameters, {
    method: { type: 'string' },
    keep: { type: 'string' },
    out: { type: 'string', short: 'o' },
    json: { type: 'boolean' },
  });
  const path = onlyOne(positional, 'FILE');
  const keep = textOption(values['keep']);
  const out = textOption(values['out']);
  if (keep === undefined) throw new UsageError('--keep SHARE is missing ("--keep 50%").');
  if (out === undefined) throw new UsageError('-o OUT is missing ("-o smaller.onnx").');
  const budget = shareOption(keep);
  const { network, notes } = await openNetwork(path);
  // Methods bring the tensor library with them: loaded when one is asked for.
  const { cutByWeights } = await import('../workers/methods/cut-by-weights');
  const method = textOption(values['method']) ?? 'l1';
  const { network: cut, plan } = await cutByWeights(network, method, { budget });
  const saved = await saveNetwork(cut, out);
  const [before, after] = [networkCosts(network.graph), networkCosts(cut.graph)];
  const said = [...notes, ...(plan.notes ?? []), ...(plan.shortfall === undefined ? [] : [plan.shortfall])];
  if (values['json'] === true) {
    const macs = { original: before.macs, kept: after.macs, share: after.macs / before.macs };
    const counts = { original: before.parameters, kept: after.parameters };
    const { filters } = plan;
    console.log(JSON.stringify({ file: path, method, ...saved, macs, parameters: counts, filters, notes: said }));
    return;
  }
  for (const note of said) console.log(`note: ${note}`);
  const number = (value: number) => value.toLocaleString('en');
  const share = ((100 * after.macs) / before.macs).toFixed(1);
  console.log(`${number(before.macs)} multiply-adds to ${number(after.macs)} (${share} % kept)`);
  console.log(`${number(before.parameters)} parameters to ${number(after.parameters)}`);
  console.log(`${number(plan.filters.removed)} of ${number(plan.filters.total)} filters cut by ${method}`);
  console.log(savedText(saved));
}
