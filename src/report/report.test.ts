import { describe, expect, it } from 'vitest';
import { sampleRun } from '../studio/run-sample';
import { reportHtml } from './report';

const points = [0, 10, 20].map((step) => ({
  stage: 3,
  epoch: 0,
  step,
  loss: 2 - step / 20,
  accuracy: step === 20 ? 0.91 : null,
  split: step === 20 ? ('validation' as const) : null,
  learningRate: 0.02,
}));

const made = new Date('2026-02-03T04:05:06Z');
const page = (name = 'A cut'): string =>
  reportHtml(
    [
      { run: { ...sampleRun({ run: 'a', cut: 0.412, final: 0.931, budget: 0.4 }), name }, points },
      { run: sampleRun({ run: 'b', method: 'random', final: 0.9 }), points: [] },
    ],
    made,
    'https://example.org/',
  );

describe('a report', () => {
  it('holds every run with its figures, charts and recipe', () => {
    const html = page();
    expect(html).toContain('2026-02-03 04:05 UTC');
    expect(html.match(/<section /g)).toHaveLength(2);
    for (const text of [
      '41.20\u00a0%',
      '93.10\u00a0%',
      '&quot;budget&quot;: 0.4',
      'A cut, final: 39.5 % kept, 93.1 %',
    ]) {
      expect(html).toContain(text);
    }
    expect(html.match(/<svg /g)).toHaveLength(2);
  });

  it('loads nothing and runs nothing', () => {
    const html = page();
    expect(html).not.toMatch(/<script|<link|\ssrc=|@import|url\(/i);
    expect(html.match(/https?:\/\/[^)<\s"]+/g)).toEqual(['https://example.org/']);
  });

  it('takes names for text, whatever stands in them', () => {
    expect(page('<img onerror=x> "&"')).not.toContain('<img');
    expect(page('<img onerror=x> "&"')).toContain('&lt;img onerror=x&gt; &quot;&amp;&quot;');
  });
});
