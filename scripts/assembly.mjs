/**
 * Bundler plugin: compiles AssemblyScript. `import binaries from 'virtual:simd-kernels'` gives the module four times as
 * base64: with and without relaxed SIMD, for shared memory and for a page's own.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const name = 'virtual:simd-kernels';
const entry = fileURLToPath(new URL('../workers/compute/simd/assembly/index.ts', import.meta.url));

const variants = {
  simd: ['--enable', 'simd'],
  relaxed: ['--enable', 'simd', '--enable', 'relaxed-simd'],
  simdShared: ['--enable', 'simd', '--enable', 'threads', '--sharedMemory'],
  relaxedShared: ['--enable', 'simd', '--enable', 'relaxed-simd', '--enable', 'threads', '--sharedMemory'],
};

/** No runtime, no memory of its own, no data: the module works in the memory it is given. */
const settings =
  '-O3 --converge --noAssert --runtime stub --importMemory --noExportMemory --initialMemory 1 --maximumMemory 65536'.split(
    ' ',
  );
/** Exchange of vectors between modules; 64-bit memory. Neither happens. */
const warnings = ['--disableWarning', '112', '--disableWarning', '201'];

/** The program's binary. Throws what the compiler says. */
async function compile(flags) {
  let binary;
  const said = [];
  const parameters = [entry, ...settings, ...warnings, ...flags, '--baseDir', '/', '--outFile', 'kernels.wasm'];
  const { error } = await asc.main(parameters, {
    stderr: { write: (text) => void said.push(String(text)) },
    readFile: (path, base) => {
      try {
        return readFileSync(join(base, path), 'utf8');
      } catch {
        // The compiler asks for every place a file might be in.
        return null;
      }
    },
    writeFile: (_path, contents) => {
      binary = contents;
    },
    listFiles: () => [],
  });
  if (error !== null || binary === undefined) throw new Error(`${entry} does not compile.\n${said.join('')}`);
  return binary;
}

/** @type {() => import('vite').Plugin} */
export const assembly = () => ({
  name: 'assembly',
  resolveId: (id) => (id === name ? `\0${name}` : undefined),
  async load(id) {
    if (id !== `\0${name}`) return undefined;
    const folder = dirname(entry);
    for (const file of readdirSync(folder)) this.addWatchFile(join(folder, file));
    const binaries = {};
    for (const [variant, flags] of Object.entries(variants)) {
      binaries[variant] = Buffer.from(await compile(flags)).toString('base64');
    }
    return `export default ${JSON.stringify(binaries)};`;
  },
});
