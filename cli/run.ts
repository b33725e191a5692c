/** `espalier run`: carries out a recipe. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { HeadlessRun } from '../src/headless-api';
import type { Recipe, RunResult, StageEvaluation } from '../workers/protocol';
import { parseRecipe } from '../workers/session/recipe';
import { withStudioPage } from './browser';
import { listFiles, networkFiles, type LocalFile } from './local-files';
import { choiceOption, numberOption, onlyOne, readParameters, textOption, UsageError } from './usage';

/** Reads and checks a recipe, `--seed` taking the place of its own. Throws naming the file and the wrong place. */
function readRecipe(path: string, seed: number | undefined): Recipe {
  if (!existsSync(path)) throw new Error(`There is no recipe "${path}".`);
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Error(`"${path}" is not JSON: ${error instanceof Error ? error.message : 'unreadable'}.`, {
      cause: error,
    });
  }
  return parseRecipe(seed === undefined ? json : Object.assign({}, json, { seed }));
}

/** The file a recipe names: where `--network` says, beside the recipe, or here. */
function findNetwork(recipe: Recipe, recipePath: string, named: string | undefined): readonly LocalFile[] {
  if (recipe.network.source !== 'file') {
    if (named !== undefined)
      throw new UsageError('--network is for recipes whose network is a file; this one brings its own.');
    return [];
  }
  const { name } = recipe.network;
  if (named !== undefined) return networkFiles(named);
  const found = [join(dirname(recipePath), name), name].find((path) => existsSync(path));
  if (found === undefined)
    throw new Error(`The recipe needs the network file "${name}": give its path with --network.`);
  return networkFiles(found);
}

function findData(recipe: Recipe, named: string | undefined): readonly LocalFile[] {
  const needs = ['cifar10', 'folder', 'voc'].includes(recipe.data.source);
  if (!needs && named !== undefined)
    throw new UsageError(`--data is for recipes that read files; this one uses ${recipe.data.source}.`);
  if (!needs) return [];
  if (named === undefined) throw new Error(`The recipe reads ${recipe.data.source} data: give its path with --data.`);
  return listFiles(named);
}

function evaluationText({ split, images, accuracy, metric = 'accuracy', passes = [] }: StageEvaluation): string {
  const looks = passes.length > 1 ? `, after each of ${passes.length} looks ` : '';
  const each = passes.length > 1 ? passes.map((pass) => share(pass.mIoU ?? pass.accuracy)).join(', ') : '';
  return `evaluated       ${metric} ${share(accuracy)} on ${images.toLocaleString('en')} ${split} images${looks}${each}`;
}

const share = (value: number | null): string => (value === null ? 'not measured' : `${(100 * value).toFixed(2)} %`);

function resultText({ result, out }: { result: RunResult; out: string | undefined }): string {
  const number = (value: number) => value.toLocaleString('en');
  const { accuracy, metric = 'accuracy', macs, parameters, proof, passes = [] } = result;
  const lines = [
    `multiply-adds   ${number(macs.original)} -> ${number(macs.kept)} (${share(macs.share)} kept)`,
    `parameters      ${number(parameters.original)} -> ${number(parameters.kept)}`,
    `${metric.padEnd(16)}on ${number(result.images)} ${result.split} images`,
    `  original      ${share(accuracy.original)}`,
    `  at the cut    ${share(accuracy.cut)}`,
    `  recalibrated  ${share(accuracy.recalibrated)}`,
    `  final         ${share(accuracy.final)}`,
    ...passes.map((pass, at) => `  pass ${at + 1}        ${share(pass.accuracy)}, ${number(pass.macs)} multiply-adds`),
    ...(result.evaluations ?? []).map(evaluationText),
    `proof           largest logit difference ${proof.maxAbsLogitDifference?.toExponential(1) ?? 'not measured'}`,
    `speed           ${result.imagesPerSecond?.toFixed(1) ?? 'no'} training images/s, ${result.seconds.toFixed(0)} s in all on ${result.device}`,
    ...result.notes.map((note) => `note            ${note}`),
  ];
  if (out !== undefined) lines.push(`written to      ${out}`);
  return lines.join('\n');
}

export async function runRecipe(parameters: readonly string[]): Promise<void> {
  const { positional, values } = readParameters(parameters, {
    device: { type: 'string' },
    data: { type: 'string' },
    network: { type: 'string' },
    seed: { type: 'string' },
    out: { type: 'string' },
    json: { type: 'boolean' },
  });
  const path = onlyOne(positional, 'RECIPE');
  const device = choiceOption('device', values['device'], ['auto', 'webgpu', 'wasm']) ?? 'auto';
  const recipe = readRecipe(path, numberOption('seed', values['seed'], 0));
  const network = findNetwork(recipe, path, textOption(values['network']));
  const data = findData(recipe, textOption(values['data']));
  const out = textOption(values['out']);
  const { result } = await withStudioPage([...network, ...data], out, ({ page, files }) => {
    const request: HeadlessRun = {
      recipe,
      device,
      networkFiles: files.slice(0, network.length),
      dataFiles: files.slice(network.length),
      artefacts: out === undefined ? null : '/artefacts/',
    };
    return page.evaluate(async (asked) => {
      if (window.espalier === undefined) throw new Error('The page is not ready.');
      return window.espalier.run(asked);
    }, request);
  });
  console.log(values['json'] === true ? JSON.stringify(result) : resultText({ result, out }));
}
