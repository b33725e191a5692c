import { describe, expect, it } from 'vitest';
import { CARD, placeBeside } from './placing';

const page = { width: 1440, height: 900 };

describe('the card of the tour', () => {
  it('stands beside a column, level with its top', () => {
    const tree = { left: 0, top: 97, width: 834, height: 616 };
    expect(placeBeside(tree, page)).toEqual({ left: 846, top: 109 });
    const chart = { left: 834, top: 97, width: 606, height: 330 };
    expect(placeBeside(chart, page)).toEqual({ left: 834 - 12 - CARD.width, top: 109 });
  });

  it('is not pushed off the foot of the page by a low place', () => {
    const low = { left: 834, top: 800, width: 606, height: 90 };
    expect(placeBeside(low, page).top).toBe(900 - CARD.height - 12);
  });

  it('stands below or above what is as wide as the page, and in it where both are full', () => {
    expect(placeBeside({ left: 0, top: 44, width: 1440, height: 53 }, page)).toEqual({ left: 12, top: 109 });
    expect(placeBeside({ left: 0, top: 770, width: 1440, height: 130 }, page)).toEqual({ left: 12, bottom: 142 });
    expect(placeBeside({ left: 0, top: 100, width: 1440, height: 2000 }, page)).toEqual({ left: 12, bottom: 12 });
  });

  it('has its corner where the place is not shown', () =>
    expect(placeBeside(null, page)).toEqual({ left: 12, bottom: 12 }));
});
