/** `npm test`: set up, then types, lint, unit, browser and end-to-end tests; closes with a test count. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { ensureBrowser, ensureBuild, ensureDependencies, root } from './setup.mjs';

const reports = mkdtempSync(join(tmpdir(), 'espalier-test-'));
const failures = [];
/** Names of the tests that failed, listed at the end: the beginning of a long log is easily lost. */
const failedTests = [];
const count = { passed: 0, failed: 0, skipped: 0 };

/** Runs one step to its end; the others still run when it fails, so that one call shows all there is to mend. */
function step(title, command, parameters, environment = {}) {
  const begun = Date.now();
  console.log(`\n== ${title}`);
  const result = spawnSync(command, parameters, {
    cwd: root,
    stdio: ['ignore', 1, 2],
    env: { ...process.env, ...environment },
    shell: process.platform === 'win32',
  });
  console.log(
    `== ${title}: ${result.status === 0 ? 'passed' : 'FAILED'} in ${Math.round((Date.now() - begun) / 1000)} s`,
  );
  if (result.status !== 0) failures.push(title);
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(join(reports, file), 'utf8'));
  } catch {
    return undefined;
  }
}

function countVitest(file) {
  const report = readJson(file);
  count.passed += report?.numPassedTests ?? 0;
  count.failed += report?.numFailedTests ?? 0;
  count.skipped += (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0);
  for (const { name, assertionResults } of report?.testResults ?? []) {
    const failed = assertionResults.filter(({ status }) => status === 'failed');
    failedTests.push(...failed.map((test) => `${relative(root, name)}: ${test.fullName}`));
  }
}

/** Specs of a suite and of those inside it. */
function specsOf({ specs = [], suites = [] }) {
  return [...specs, ...suites.flatMap(specsOf)];
}

function countPlaywright(file) {
  const report = readJson(file);
  const stats = report?.stats;
  count.passed += (stats?.expected ?? 0) + (stats?.flaky ?? 0);
  count.failed += stats?.unexpected ?? 0;
  count.skipped += stats?.skipped ?? 0;
  const failed = (report?.suites ?? []).flatMap(specsOf).filter(({ ok }) => !ok);
  failedTests.push(...failed.map((spec) => `${spec.file}: ${spec.title}`));
}

function vitest(project, file) {
  step(`${project} tests`, 'npx', [
    'vitest',
    'run',
    '--project',
    project,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${join(reports, file)}`,
  ]);
  countVitest(file);
}

try {
  ensureDependencies();
  await ensureBrowser();
  step('types', 'npx', ['tsc', '--noEmit']);
  step('lint', 'npx', ['oxlint', '--type-aware', '--deny-warnings']);
  step('format', 'npx', ['prettier', '--check', '--log-level', 'warn', '.']);
  step('unused files and exports', 'npx', ['knip', '--no-progress']);
  vitest('node', 'node.json');
  vitest('browser', 'browser.json');
  ensureBuild();
  step('end-to-end tests', 'npx', ['playwright', 'test'], { PLAYWRIGHT_JSON_OUTPUT_NAME: join(reports, 'e2e.json') });
  countPlaywright('e2e.json');
} catch (error) {
  failures.push(error instanceof Error ? error.message : String(error));
}
rmSync(reports, { recursive: true, force: true });
if (failures.length > 0) console.log(`\nFailed: ${failures.join('; ')}`);
for (const name of failedTests) console.log(`  ${name}`);
console.log(`\n${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
process.exitCode = failures.length > 0 || count.failed > 0 || count.passed === 0 ? 1 : 0;
