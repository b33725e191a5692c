/** `espalier prune`: a smaller network by its weights alone. In Node, without a browser, images or training. */
import { networkCosts } from '../workers/network/costs';
import type { Network } from '../workers/network/graph';
import { withOutputs } from '../workers/network/outputs';
import { openNetwork, savedText, saveNetwork } from './network-io';
import { choiceOption, onlyOne, readParameters, textOption, UsageError } from './usage';

/** "50%" or "0.5" as a share. Throws `UsageError` outside (0, 1]. */
export function shareOption(text: string): number {
  const share = text.endsWith('%') ? Number(text.slice(0, -1)) / 100 : Number(text);
  if (text.trim() !== '' && text !== '%' && share > 0 && share <= 1) return share;
  throw new UsageError(`--keep must be a share of the multiply-adds such as 50% or 0.5, not "${text}".`);
}

/** What a method left of a network: filters that were cut, or layers split in two. */
interface Smaller {
  readonly network: Network;
  readonly json: object;
  readonly text: string;
  readonly notes: readonly string[];
}

export async function prune(parameters: readonly string[]): Promise<void> {
  const { positional, values } = readParameters(parameters, {
    method: { type: 'string' },
    scheme: { type: 'string' },
    keep: { type: 'string' },
    outputs: { type: 'string' },
    out: { type: 'string', short: 'o' },
    json: { type: 'boolean' },
  });
  const path = onlyOne(positional, 'FILE');
  const keep = textOption(values['keep']);
  const out = textOption(values['out']);
  if (keep === undefined) throw new UsageError('--keep SHARE is missing ("--keep 50%").');
  if (out === undefined) throw new UsageError('-o OUT is missing ("-o smaller.onnx").');
  const budget = shareOption(keep);
  const scheme = choiceOption('scheme', values['scheme'], ['channel', 'spatial']);
  const outputs = textOption(values['outputs'])?.split(',');
  const opened = await openNetwork(path);
  const network = outputs === undefined ? opened.network : withOutputs(opened.network, outputs);
  const method = textOption(values['method']) ?? 'l1';
  const smaller = await made(network, method, budget, scheme);
  const saved = await saveNetwork(smaller.network, out);
  const [before, after] = [networkCosts(network.graph), networkCosts(smaller.network.graph)];
  const said = [...opened.notes, ...smaller.notes];
  if (values['json'] === true) {
    const macs = { original: before.macs, kept: after.macs, share: after.macs / before.macs };
    const counts = { original: before.parameters, kept: after.parameters };
    console.log(
      JSON.stringify({ file: path, method, ...saved, macs, parameters: counts, ...smaller.json, notes: said }),
    );
    return;
  }
  for (const note of said) console.log(`note: ${note}`);
  const number = (value: number) => value.toLocaleString('en');
  const share = ((100 * after.macs) / before.macs).toFixed(1);
  console.log(`${number(before.macs)} multiply-adds to ${number(after.macs)} (${share} % kept)`);
  console.log(`${number(before.parameters)} parameters to ${number(after.parameters)}`);
  console.log(smaller.text);
  console.log(savedText(saved));
}

/** Filters cut, or convolutions split in two, as the method does. Throws `MethodError` and `UsageError`. */
async function made(
  network: Network,
  method: string,
  budget: number,
  scheme: 'channel' | 'spatial' | undefined,
): Promise<Smaller> {
  // Methods bring the tensor library with them: loaded when one is asked for.
  const { cutByWeights, reducesByWeights, truncateByWeights } = await import('../workers/methods/cut-by-weights');
  if (reducesByWeights(method) === 'ranks') {
    const { network: split, plan } = await truncateByWeights(
      network,
      method,
      budget,
      scheme === undefined ? {} : { scheme },
    );
    const { ranks } = plan;
    return {
      network: split,
      json: { scheme: plan.scheme, ranks },
      text: `${Object.keys(ranks).length} convolutions split in two by ${method}, ${plan.scheme === 'channel' ? 'by channel' : 'spatially'}`,
      notes: plan.shortfall === undefined ? [] : [plan.shortfall],
    };
  }
  if (scheme !== undefined) throw new UsageError(`--scheme is for methods that split layers (svd), not for ${method}.`);
  const { network: cut, plan } = await cutByWeights(network, method, { budget });
  const { filters, notes = [], shortfall } = plan;
  return {
    network: cut,
    json: { filters },
    text: `${filters.removed.toLocaleString('en')} of ${filters.total.toLocaleString('en')} filters cut by ${method}`,
    notes: [...notes, ...(shortfall === undefined ? [] : [shortfall]), ...outputsNote(network, filters.total)],
  };
}

/** Where every filter is read as an output, the one thing that helps. */
function outputsNote({ graph }: Network, free: number): readonly string[] {
  if (free > 0 || graph.outputs.length < 2) return [];
  const last = graph.outputs.at(-1) ?? '';
  return [
    `Its ${graph.outputs.length} outputs (${graph.outputs.join(', ')}) leave no filter free; keep those you need, for example --outputs ${last}.`,
  ];
}
