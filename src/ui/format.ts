/**
 * How numbers are written: one place, so that the same figure never reads in two ways.
 *
 * A non-breaking space stands before % and units, cost has at most three significant figures, accuracy one decimal.
 * Shares are of 1 everywhere in the code and become % only here.
 */
import type { Metric } from '../../workers/protocol';

/** Non-breaking space. */
export const NBSP = '\u00a0';
/** Minus sign, as wide as the plus sign of tabular figures. */
const MINUS = '\u2212';

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** "272,474". */
export function formatInteger(value: number): string {
  return Math.round(value).toLocaleString('en');
}

/** Multiply-adds, weights: "40.8 M", "885 k", "5.5 k", "640". Never more than three significant figures. */
export function formatCount(value: number): string {
  if (value < 999.5) return formatInteger(value);
  if (value < 999_500) return `${(value / 1e3).toFixed(value < 9_950 ? 1 : 0)}${NBSP}k`;
  if (value < 999.5e6) return `${threeFigures(value / 1e6)}${NBSP}M`;
  return `${threeFigures(value / 1e9)}${NBSP}G`;
}

/** Of a value of at least 0.9995: "1.18", "20.4", "125". */
function threeFigures(value: number): string {
  return value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0);
}

/** A share of 1 as "50 %"; `decimals` for accuracies and measured shares. */
export function formatPercent(share: number, decimals = 0): string {
  return `${(share * 100).toFixed(decimals)}${NBSP}%`;
}

/** An accuracy, share of 1, as "94.9 %"; another figure says its name, "58.7 % mIoU". */
export function formatAccuracy(share: number, metric: Metric = 'accuracy'): string {
  return formatPercent(share, 1) + (metric === 'accuracy' ? '' : ` ${metric}`);
}

/** Difference of two shares in percentage points: "−1.0", "+0.3", "0.0". */
export function formatChange(difference: number): string {
  const points = (Math.abs(difference) * 100).toFixed(1);
  if (points === '0.0') return points;
  return `${difference < 0 ? MINUS : '+'}${points}`;
}

/** Time spent: "42 s", "8:44 min", "1:05 h". */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}${NBSP}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}:${twoDigits(whole % 60)}${NBSP}min`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)}:${twoDigits(minutes % 60)}${NBSP}h`;
}

/** Time still to go, read while it runs down: "13 min 21 s", "42 s", "1 h 5 min". */
export function formatTimeLeft(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}${NBSP}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}${NBSP}min ${whole % 60}${NBSP}s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)}${NBSP}h ${minutes % 60}${NBSP}min`;
}

/** A forecast, without false precision: "about 9 min", "about 40 s", "about 2 h". */
export function formatForecast(seconds: number): string {
  if (seconds < 55) return `about ${Math.max(5, Math.round(seconds / 5) * 5)}${NBSP}s`;
  if (seconds < 5400) return `about ${Math.max(1, Math.round(seconds / 60))}${NBSP}min`;
  return `about ${Math.round(seconds / 3600)}${NBSP}h`;
}

/** "1.2 ms", "0.84 ms", "120 ms". */
export function formatMilliseconds(milliseconds: number): string {
  const decimals = milliseconds < 0.995 ? 2 : milliseconds < 99.95 ? 1 : 0;
  return `${milliseconds.toFixed(decimals)}${NBSP}ms`;
}

/** Events per second: "14.2 step/s", "1,240 images/s". `unit` already names what is counted. */
export function formatRate(perSecond: number, unit: string): string {
  const figure = perSecond < 99.95 ? perSecond.toFixed(1) : formatInteger(perSecond);
  return `${figure}${NBSP}${unit}/s`;
}

/** A learning rate or another setting: up to three significant figures, no trailing zeros: "0.03", "0.00125". */
export function formatSetting(value: number): string {
  if (value !== 0 && Math.abs(value) < 1e-4) return formatScientific(value);
  return Number(value.toPrecision(3)).toString().replace('-', MINUS);
}

/** "1.2 × 10⁻⁵"; 0 stays "0". */
export function formatScientific(value: number): string {
  if (value === 0) return '0';
  const [mantissa = '', exponent = ''] = value.toExponential(1).split('e');
  const digits = exponent.replace(/^[+-]/, '').replaceAll(/\d/g, (digit) => SUPERSCRIPTS[Number(digit)] ?? '');
  return `${mantissa.replace('-', MINUS)}${NBSP}×${NBSP}10${exponent.startsWith('-') ? '⁻' : ''}${digits}`;
}

function twoDigits(value: number): string {
  return value.toString().padStart(2, '0');
}
