import { describe, expect, it } from 'vitest';
import {
  formatAccuracy,
  formatChange,
  formatCount,
  formatDuration,
  formatForecast,
  formatInteger,
  formatMilliseconds,
  formatPercent,
  formatRate,
  formatScientific,
  formatSetting,
  formatTimeLeft,
} from './format';

/** Reads like the screen: a plain space stands for the non-breaking one. */
const plain = (text: string) => {
  expect(text).not.toMatch(/\d [%kMGs]/);
  return text.replaceAll('\u00a0', ' ');
};

describe('formatCount', () => {
  it.each([
    [40_813_184, '40.8 M'],
    [885_000, '885 k'],
    [1_179_648, '1.18 M'],
    [55_296, '55 k'],
    [5_530, '5.5 k'],
    [9_960, '10 k'],
    [640, '640'],
    [999.6, '1.0 k'],
    [999_600, '1.00 M'],
    [9_996_000, '10.0 M'],
    [99_960_000, '100 M'],
    [125_747_840, '126 M'],
    [999_600_000, '1.00 G'],
    [15_470_264_320, '15.5 G'],
  ])('%d reads %s', (value, text) => expect(plain(formatCount(value))).toBe(text));
});

describe('shares and accuracies', () => {
  it('writes shares of 1 as %', () => {
    expect(plain(formatPercent(0.5))).toBe('50 %');
    expect(plain(formatPercent(0.4921, 1))).toBe('49.2 %');
    expect(plain(formatAccuracy(0.9487))).toBe('94.9 %');
    expect(plain(formatAccuracy(1))).toBe('100.0 %');
  });

  it('writes changes with a real minus and no sign on nothing', () => {
    expect(formatChange(-0.0104)).toBe('−1.0');
    expect(formatChange(0.003)).toBe('+0.3');
    expect(formatChange(-0.0004)).toBe('0.0');
  });
});

describe('time', () => {
  it.each([
    [524, '8:44 min'],
    [42.4, '42 s'],
    [59.7, '1:00 min'],
    [3_900, '1:05 h'],
    [3_599.6, '1:00 h'],
  ])('%d s spent reads %s', (seconds, text) => expect(plain(formatDuration(seconds))).toBe(text));

  it.each([
    [801, '13 min 21 s'],
    [9, '9 s'],
    [3_900, '1 h 5 min'],
  ])('%d s left reads %s', (seconds, text) => expect(plain(formatTimeLeft(seconds))).toBe(text));

  it.each([
    [2, 'about 5 s'],
    [38, 'about 40 s'],
    [57, 'about 1 min'],
    [540, 'about 9 min'],
    [7_300, 'about 2 h'],
  ])('%d s ahead reads %s', (seconds, text) => expect(plain(formatForecast(seconds))).toBe(text));

  it('keeps two figures of a millisecond', () => {
    expect(plain(formatMilliseconds(0.842))).toBe('0.84 ms');
    expect(plain(formatMilliseconds(1.24))).toBe('1.2 ms');
    expect(plain(formatMilliseconds(120.4))).toBe('120 ms');
  });
});

describe('rates and settings', () => {
  it('names what is counted', () => {
    expect(plain(formatRate(14.21, 'step'))).toBe('14.2 step/s');
    expect(plain(formatRate(1_240.2, 'images'))).toBe('1,240 images/s');
    expect(formatInteger(272_474)).toBe('272,474');
  });

  it('drops zeros that say nothing', () => {
    expect(formatSetting(0.03)).toBe('0.03');
    expect(formatSetting(0.1 + 0.2)).toBe('0.3');
    expect(formatSetting(0.00125)).toBe('0.00125');
    expect(plain(formatSetting(0.00002))).toBe('2.0 × 10⁻⁵');
    expect(plain(formatScientific(1.23e-12))).toBe('1.2 × 10⁻¹²');
    expect(formatScientific(0)).toBe('0');
  });
});
