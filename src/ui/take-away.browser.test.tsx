import { afterEach, describe, expect, it } from 'vitest';
import { createRoot, type Root } from 'react-dom/client';
import { tableAsCsv } from './csv';
import { Drawing } from './drawing';
import { vectorOf } from './vector';

let root: Root | undefined;
const host = document.createElement('div');
afterEach(() => {
  root?.unmount();
  host.remove();
});

describe('what is taken away', () => {
  it('is a table as it reads', () => {
    const table = document.createElement('table');
    table.innerHTML =
      '<thead><tr><th></th><th>L1 <small>50&nbsp;%</small></th></tr></thead>' +
      '<tbody><tr><th colspan="2">Figures, "now"</th></tr><tr><th>Accuracy</th><td><b>94.1</b>&nbsp;%</td></tr></tbody>';
    expect(tableAsCsv(table)).toBe(',L1 50 %\r\n"Figures, ""now""",\r\nAccuracy,94.1 %\r\n');
  });

  it('is in full where the table rounds, and empty where it has a dash for it', () => {
    const table = document.createElement('table');
    table.innerHTML =
      '<tr><th data-exact="Accuracy, share of 1">Accuracy</th><td data-exact="0.94125">94.1&nbsp;%</td><td data-exact="">–</td></tr>';
    expect(tableAsCsv(table)).toBe('"Accuracy, share of 1",0.94125,\r\n');
  });

  it('is a canvas as lines and letters, drawn by what painted it', async () => {
    document.body.append(host);
    host.style.cssText = 'width: 200px; height: 100px';
    root = createRoot(host);
    root.render(
      <Drawing
        label="a line"
        draw={({ context, width, height }) => {
          context.strokeStyle = '#123456';
          context.beginPath();
          context.moveTo(0, 0);
          context.lineTo(width, height);
          context.stroke();
          context.fillText('here', 10, 20);
        }}
      />,
    );
    await new Promise((resolve) => setTimeout(resolve, 100));
    const canvas = host.querySelector('canvas');
    if (canvas === null) throw new Error('Nothing was drawn.');
    const drawn = await vectorOf(canvas);
    const text = new XMLSerializer().serializeToString(drawn);
    expect(text).toContain('stroke="#123456"');
    expect(text).toMatch(new RegExp(`L ?${canvas.clientWidth} ${canvas.clientHeight}`));
    expect(drawn.textContent).toContain('here');
    expect(text).not.toContain('<image');
  });
});
