/**
 * Bundler plugin: compiles AssemblyScript. `import binaries from './assembly/index.ts?assembly'` gives the module four
 * times as base64: with and without relaxed SIMD, for shared memory and for a page's own.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import asc from 'assemblyscript/asc';

const suffix = '?assembly';

const variants = {
  simd: ['--enable', 'simd'],
  relaxed: ['--enable', 'simd', '--enable', 'relaxed-simd'],
  simdShared: ['--enable', 'simd', '--enable', 'threads', '--sharedMemory'],
  relaxedShared: ['--enable', 'simd', '--enable', 'relaxed-simd', '--enable', 'threads', '--sharedMemory'],
};

/** No runtime, no memory of its own, no data: the module works in the memory it is given. */
const settings = [
  ...['-O3', '--converge', '--noAssert', '--runtime', 'stub', '--importMemory', '--noExportMemory'],
  ...['--initialMemory', '1', '--maximumMemory', '65536'],
  // Exchange of vectors between modules; 64-bit memory. Neither happens.
  ...['--disableWarning', '112', '--disableWarning', '201'],
];

/** The binary of the program whose entry file is `path`. Throws what the compiler says. */
async function compile(path, flags) {
  let binary;
  const { error, stderr } = await asc.main(
    [path, ...settings, ...flags, '--baseDir', '/', '--outFile', 'kernels.wasm'],
    {
      readFile: (name, base) => {
        try {
          return readFileSync(join(base, name), 'utf8');
        } catch {
          // The compiler asks for every place a file might be in.
          return null;
        }
      },
      writeFile: (_name, contents) => {
        binary = contents;
      },
      listFiles: () => [],
    },
  );
  if (error !== null || binary === undefined) throw new Error(`${path} does not compile.\n${stderr.toString()}`);
  return binary;
}

/** @type {() => import('vite').Plugin} */
export const assembly = () => ({
  name: 'assembly',
  enforce: 'pre',
  async load(id) {
    if (!id.endsWith(suffix)) return undefined;
    const path = id.slice(0, -suffix.length);
    const folder = dirname(path);
    for (const name of readdirSync(folder)) this.addWatchFile(join(folder, name));
    const binaries = {};
    for (const [name, flags] of Object.entries(variants)) {
      binaries[name] = Buffer.from(await compile(path, flags)).toString('base64');
    }
    return `export default ${JSON.stringify(binaries)};`;
  },
});
