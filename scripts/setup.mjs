/** Sets up what is missing: packages by lock file, the built site, a browser. Needs nothing but Node and npm. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromiumPath } from './chromium.mjs';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** What the packages and the build were made from, kept where they lie: deleting them deletes the claim. */
const packagesStamp = join(root, 'node_modules', '.espalier', 'packages');
const buildStamp = join(root, 'dist', 'made-from');

/**
 * Runs a command in the repository, its output on stderr so that stdout stays the caller's.
 * Throws, naming the command, when it does not exit with 0.
 */
export function run(command, parameters, options = {}) {
  const result = spawnSync(command, parameters, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
    ...options,
  });
  if (result.status !== 0) {
    throw new Error(`"${command} ${parameters.join(' ')}" failed${result.error ? `: ${result.error.message}` : '.'}`);
  }
}

function digest(text) {
  return createHash('sha256').update(text).digest('hex');
}

function readStamp(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

function writeStamp(file, value) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, value);
}

/** Throws when this Node is too old for the tools. */
export function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const fits = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22;
  if (!fits)
    throw new Error(`Espalier needs Node 20.19 or newer (22.12 or newer of 22); this is ${process.versions.node}.`);
}

/** Installs the packages of the lock file unless exactly those are installed. */
export function ensureDependencies() {
  checkNode();
  const wanted = digest(readFileSync(join(root, 'package-lock.json')));
  if (readStamp(packagesStamp) === wanted) return;
  console.error('Installing packages (npm ci) ...');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  writeStamp(packagesStamp, wanted);
}

/** Newest change of the files the build is made from, as text. */
function sourcesDigest() {
  const entries = [];
  const visit = (path) => {
    const full = join(root, path);
    if (!existsSync(full)) return;
    const stat = statSync(full);
    if (stat.isDirectory()) for (const name of readdirSync(full).toSorted()) visit(join(path, name));
    else entries.push(`${path} ${stat.size} ${stat.mtimeMs}`);
  };
  for (const path of [
    'index.html',
    'headless.html',
    'vite.config.ts',
    'vite.cli.config.ts',
    'package-lock.json',
    'src',
    'workers',
    'cli',
    'scripts',
    'public',
  ])
    visit(path);
  return digest(entries.join('\n'));
}

/** Builds site and command line into `dist/` unless they are newer than their sources. */
export function ensureBuild() {
  const wanted = sourcesDigest();
  const made = [join(root, 'dist', 'site', 'index.html'), join(root, 'dist', 'cli', 'main.js')];
  if (readStamp(buildStamp) === wanted && made.every((file) => existsSync(file))) return;
  console.error('Building ...');
  run('npx', ['vite', 'build', '--logLevel', 'warn']);
  run('npx', ['vite', 'build', '--logLevel', 'warn', '--config', 'vite.cli.config.ts']);
  writeStamp(buildStamp, wanted);
}

/**
 * Makes sure that there is a browser to drive: system Chromium or Chrome, else Playwright's own, else Debian's package
 * when this is root. Throws with what to do by hand.
 */
export async function ensureBrowser() {
  if (chromiumPath() !== undefined) return;
  const { chromium } = await import('playwright-core');
  if (existsSync(chromium.executablePath())) return;
  console.error('No Chromium found: asking Playwright for one ...');
  try {
    run('npx', ['playwright', 'install', 'chromium'], { timeout: 300_000 });
    if (existsSync(chromium.executablePath())) return;
  } catch {
    console.error('Playwright could not download its Chromium.');
  }
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    console.error('Installing the Debian package chromium ...');
    run('apt-get', ['update', '-qq']);
    run('apt-get', ['install', '-y', '-qq', 'chromium']);
    if (chromiumPath() !== undefined) return;
  }
  throw new Error('No browser found. Install Chromium or Chrome, or set ESPALIER_CHROMIUM to its path.');
}
