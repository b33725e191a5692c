import { expect, it } from 'vitest';
import { sampleRun } from '../studio/run-sample';
import { experimentsAsCsv } from './csv';
import { experimentTree } from './tree';

it('writes every network with the one it was made from', () => {
  const run = sampleRun({ run: 'first', method: 'l1', budget: 0.5, share: 0.4921, cut: 0.61, final: 0.9581 });
  const [header = '', ...lines] = experimentsAsCsv(experimentTree([run]))
    .trimEnd()
    .split('\r\n');
  const columns = header.split(',');
  expect(lines).toHaveLength(3);
  const last = lines.at(-1)?.split(',') ?? [];
  const value = (name: string): string | undefined => last[columns.indexOf(name)];
  expect(value('node')).toBe('first/final');
  expect(value('made_from')).toBe('first/cut');
  expect(value('kind')).toBe('final');
  expect(value('method')).toBe('l1');
  expect(value('kept_share')).toBe('0.4921');
  expect(value('accuracy')).toBe('0.9581');
});
