/** The command line: `espalier <command>`. Results on stdout, progress and errors on stderr, 0 only when it is done. */
import { bench } from './bench';
import { convert } from './convert';
import { evaluate } from './evaluate';
import { inspect } from './inspect';
import { prune } from './prune';
import { runRecipe } from './run';
import { schema } from './schema';
import { UsageError } from './usage';

interface Command {
  readonly usage: string;
  readonly summary: string;
  readonly carryOut: (parameters: readonly string[]) => Promise<void>;
}

const commands: Readonly<Record<string, Command>> = {
  inspect: {
    usage: 'inspect FILE [--tensors] [--json]',
    summary:
      'layers, widths, multiply-adds, parameters, channel groups and their reasons; or the tensors alone, however large the file',
    carryOut: inspect,
  },
  convert: {
    usage: 'convert IN OUT [--json]',
    summary: 'a network in the format of OUT (.onnx, .safetensors ...), reopened and compared; without a browser',
    carryOut: convert,
  },
  prune: {
    usage:
      'prune FILE [--method l1|l2|fpgm|bn-scale|random|svd] [--scheme channel|spatial] [--outputs NAME,...] --keep SHARE -o OUT [--json]',
    summary:
      'cuts filters by their weights, or splits layers in two (svd), to a share of the multiply-adds ("50%"); without a browser',
    carryOut: prune,
  },
  evaluate: {
    usage:
      'evaluate FILE --data PATH [--split test|validation|train] [--images N] [--device auto|webgpu|wasm] [--json]',
    summary: 'accuracy on a split, in headless Chromium',
    carryOut: evaluate,
  },
  run: {
    usage: 'run RECIPE.json [--device auto|webgpu|wasm] [--data PATH] [--network FILE] [--seed N] [--out DIR] [--json]',
    summary: 'carries out a recipe in headless Chromium; networks and metrics.csv in DIR',
    carryOut: runRecipe,
  },
  bench: {
    usage:
      'bench [--only CONTESTANT,...] [--workloads NAME,...] [--forward] [--layers] [--memory] [--steps N] [--method METHOD] [--threads N] [--torch PYTHON] [--json]',
    summary: 'milliseconds of a training step, ours and others, in headless Chromium',
    carryOut: bench,
  },
  schema: {
    usage: 'schema [recipe|lesson]',
    summary: 'the JSON schema of recipes, or of lessons',
    carryOut: schema,
  },
};

function helpOf({ usage, summary }: Command): string {
  return `  espalier ${usage}\n      ${summary}`;
}

function help(): string {
  return ['Espalier prunes convolutional networks.', '', ...Object.values(commands).map(helpOf)].join('\n');
}

/** Runs one command; answers the exit status. Errors are one line on stderr. */
export async function main(parameters: readonly string[]): Promise<number> {
  const [name = '--help', ...rest] = parameters;
  if (name === '--help' || name === '-h' || name === 'help') {
    console.log(help());
    return 0;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) {
    console.error(`espalier: there is no command "${name}"; "espalier help" lists them.`);
    return 2;
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    console.log(helpOf(command));
    return 0;
  }
  try {
    await command.carryOut(rest);
    return 0;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const cure = error instanceof UsageError ? ` Usage: espalier ${command.usage}` : '';
    console.error(`espalier: ${message.replaceAll(/\s*\n\s*/g, ' ')}${cure}`);
    return error instanceof UsageError ? 2 : 1;
  }
}
