import { describe, expect, it } from 'vitest';
import { markBox, placeLabels, textBox } from './labels';

const bounds = { left: 0, top: 0, right: 400, bottom: 200 };

describe('placeLabels', () => {
  it('prefers the space up and to the left', () => {
    const placed = placeLabels([{ id: 'a', text: 'L1 50', x: 200, y: 100 }], [], bounds);
    expect(placed.get('a')).toEqual({ text: 'L1 50', x: 192, y: 96, anchor: 'end' });
  });

  it('moves above when the left is taken by a mark', () => {
    const placed = placeLabels([{ id: 'a', text: 'L1 50', x: 200, y: 100 }], [markBox(170, 92, 5)], bounds);
    expect(placed.get('a')?.anchor).toBe('middle');
  });

  it('never lets two labels touch, and the earlier one wins', () => {
    const requests = Array.from({ length: 8 }, (_, at) => ({ id: `${at}`, text: 'Taylor 60', x: 200 + at, y: 100 }));
    const placed = placeLabels(requests, [], bounds);
    expect(placed.has('0')).toBe(true);
    expect(placed.size).toBeLessThan(8);
    const boxes = [...placed.values()].map((label) => textBox(label.text, label.x, label.y, label.anchor));
    for (const [at, a] of boxes.entries()) {
      for (const b of boxes.slice(at + 1)) {
        expect(a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top).toBe(true);
      }
    }
  });

  it('drops a label that would leave the plot', () => {
    const narrow = { left: 190, top: 90, right: 210, bottom: 110 };
    expect(placeLabels([{ id: 'a', text: 'Taylor 60', x: 200, y: 100 }], [], narrow).size).toBe(0);
  });

  it('writes to the right at the left edge', () => {
    const placed = placeLabels([{ id: 'a', text: 'TRP 28', x: 4, y: 100 }], [], bounds);
    expect(placed.get('a')?.anchor).toBe('start');
  });
});
