/** The model card that travels with an exported network: what it is, what it costs, what was proven, how it was made. */
import { networkCosts } from '../network/costs';
import type { Network } from '../network/graph';
import { weightsText } from './element-types';

export interface CardFile {
  readonly name: string;
  readonly sha256: string;
  /** Largest difference of an output from the network on screen, the file reopened elsewhere; null where nothing can run it here. */
  readonly difference: number | null;
}

export interface CardFacts {
  readonly files: readonly CardFile[];
  /** Images the outputs were compared on. */
  readonly images: number;
  /** The recipe as JSON, where the network came out of a run. */
  readonly recipe: string | null;
  /** Formats the network could not be written in, with the reason. */
  readonly leftOut: readonly string[];
}

/** Markdown. */
export function modelCard(network: Network, { files, images, recipe, leftOut }: CardFacts): string {
  const { macs, parameters } = networkCosts(network.graph);
  const { name, classes, normalisation } = network.meta;
  const input = network.graph.layers.find((layer) => layer.op === 'input');
  const numbers = (values: readonly number[]) => values.map((value) => Number(value.toPrecision(6))).join(', ');
  const pixels =
    normalisation === undefined
      ? 'how pixels become the input is not known'
      : `(pixel / 255 - mean) / std with mean ${numbers(normalisation.mean)} and std ${numbers(normalisation.std)}, RGB`;
  const rows = files.map(
    (file) =>
      `| ${file.name} | ${file.difference === null ? 'not run here' : file.difference.toExponential(1)} | \`${file.sha256}\` |`,
  );
  return [
    `# ${name}`,
    '',
    `- Multiply-adds: ${macs.toLocaleString('en')} for one image (weights of convolutions and dense layers)`,
    `- Parameters: ${parameters.toLocaleString('en')}, ${weightsText(network.meta.origin?.elements)}`,
    `- Input: ${input?.op === 'input' ? input.shape.join(' x ') : 'unknown'} (height, width, channels); ${pixels}`,
    ...(classes === undefined ? [] : [`- Classes: ${classes.join(', ')}`]),
    '',
    `Each file was reopened apart from the studio and run on ${images} images; the largest difference of an output from the network on screen:`,
    '',
    '| file | largest difference | SHA-256 |',
    '| --- | --- | --- |',
    ...rows,
    '',
    ...leftOut.flatMap((reason) => [`Not included: ${reason}`, '']),
    ...(recipe === null ? [] : ['## Recipe', '', '```json', recipe.trim(), '```', '']),
  ].join('\n');
}
