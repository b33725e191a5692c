/** Every written Python file is Python: parsed and compiled by Python itself, where there is one. Nothing is run. */
import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import type { Network } from '../../network/graph';
import { buildZooNetwork } from '../../network/zoo';
import { writeNetworkFiles } from '../index';
import { layerCases, layerNetwork, refusal } from '../layer-cases-for-tests';

const python = spawnSync('python3', ['--version']).status === 0;
const absent = python ? '' : ' (skipped: there is no python3)';

/** Compiles what comes on stdin, `{name: source}`, and answers what is wrong, by name; every variable must be set before it is read. */
const checker = `
import ast, json, sys
wrong = {}
for name, source in json.load(sys.stdin).items():
    try:
        tree = ast.parse(source, name)
        compile(tree, name, 'exec')
    except (SyntaxError, ValueError) as error:
        wrong[name] = str(error)
        continue
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        known = {argument.arg for argument in function.args.args}
        for statement in function.body:
            for node in ast.walk(statement):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    known.add(node.id)
                if isinstance(node, ast.ImportFrom):
                    known.update(alias.name for alias in node.names)
        shared = {'torch', 'nn', 'F', 'keras', 'layers', 'super', 'len', 'range', 'float', 'Network', 'build'}
        for node in ast.walk(function):
            if isinstance(node, ast.Name) and node.id not in known | shared:
                wrong[name] = f'{node.id} is never set'
json.dump(wrong, sys.stdout)
`;

function complaints(sources: Readonly<Record<string, string>>): unknown {
  const { stdout, stderr, status } = spawnSync('python3', ['-c', checker], { input: JSON.stringify(sources) });
  expect(stderr.toString()).toBe('');
  expect(status).toBe(0);
  return JSON.parse(stdout.toString());
}

/** Names that Python would stumble over if they were taken as they are. */
const hostile = 'a "name"\\with\nnewline, an apostrophe\' and """';

async function sourcesOf(name: string, network: Network): Promise<[string, string][]> {
  const formats = ['pytorch', 'keras'] as const;
  const written = formats.map(async (format): Promise<[string, string][]> => {
    if ((await refusal(network, format)) !== null) return [];
    const files = await writeNetworkFiles(network, format, 'net');
    return files
      .filter((file) => file.name.endsWith('.py'))
      .map(({ bytes }) => [`${format}: ${name}`, new TextDecoder().decode(bytes)]);
  });
  return (await Promise.all(written)).flat();
}

it.skipIf(!python)(`the source of every layer and of the zoo compiles${absent}`, async () => {
  const networks: [string, Network][] = Object.entries(layerCases).map(([name, text]) => [name, layerNetwork(text)]);
  for (const architecture of ['resnet8', 'vgg16', 'densenet40', 'mobilenetv2'] as const)
    networks.push([architecture, buildZooNetwork({ architecture, seed: 1 })]);
  const named = layerNetwork(
    'input 6x8x4 / "1 / conv" = conv 3 1x1 / "class" = relu / "a b" = globalPool / "a_b" = dense 2',
  );
  networks.push(['hostile names', { ...named, meta: { ...named.meta, name: hostile } }]);
  const sources = (await Promise.all(networks.map(([name, network]) => sourcesOf(name, network)))).flat();
  expect(sources.length).toBeGreaterThan(networks.length);
  expect(complaints(Object.fromEntries(sources))).toEqual({});
});

it.skipIf(!python)(`what is no Python would be told${absent}`, () => {
  const wrong = {
    unclosed: 'def f(:\n',
    unset: 'def f(x):\n    return y\n',
    fine: 'def f(x):\n    y = x\n    return y\n',
  };
  expect(complaints(wrong)).toEqual({ unclosed: expect.any(String), unset: 'y is never set' });
});
