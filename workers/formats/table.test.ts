/** docs/formats.md is made here, from the operators that are read and the cases that prove it; `vitest -u` writes it anew. */
import { expect, it } from 'vitest';
import { cases } from './onnx/cases-for-tests';
import { handlers } from './onnx/operators';

const intro = `# Formats

Which operators are understood, and what proves it. This page is made by \`workers/formats/table.test.ts\`
from the program and its tests; the test fails when the page is out of date.

A network that holds something else still opens: the operator is named with its node and the reason, its channels are
locked, and what stands around it can be looked at, scored by its weights, and cut. Where nothing with weights follows,
the network ends before it and can be run.
`;

/** Names of the cases that hold the operator: each is read, written again, and run in ONNX Runtime both times. */
function provenBy(operator: string): readonly string[] {
  return Object.entries(cases).flatMap(([name, { nodes }]) =>
    nodes.some(({ opType }) => opType === operator) ? [name] : [],
  );
}

it('every ONNX operator that is read stands in a case that ONNX Runtime has run', () => {
  const unproven = Object.keys(handlers).filter((operator) => provenBy(operator).length === 0);
  expect(unproven).toEqual([]);
});

it('docs/formats.md is up to date', async () => {
  const operators = Object.keys(handlers)
    .toSorted()
    .map((operator) => `| ${operator} | ${provenBy(operator).join('; ')} |`);
  const page = [
    intro,
    '## ONNX operators\n',
    'Opset 7 to 25 is read, opset 18 is written. Constants (shapes, weights) may be computed by further operators.',
    'Each line names the cases that prove it: read, written again, and run in ONNX Runtime both times.\n',
    '| operator | cases |',
    '| --- | --- |',
    ...operators,
    '',
  ].join('\n');
  await expect(page).toMatchFileSnapshot('../../docs/formats.md');
});
