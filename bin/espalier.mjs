#!/usr/bin/env node
/** The command line: sets up what is missing, then hands over to the built program. Speaks on stderr until then. */
import { ensureBuild, ensureDependencies } from '../scripts/setup.mjs';

try {
  ensureDependencies();
  ensureBuild();
  const { main } = await import('../dist/cli/main.js');
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(`espalier: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
