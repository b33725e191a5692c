/** Colours of classes on masks: the first is background, the rest are told apart by hue and by lightness. */

/** In both themes; `[r, g, b]`. Red, green, blue first: cue rods have them in this order. */
const HUES: readonly (readonly [number, number, number])[] = [
  [176, 74, 56],
  [98, 139, 79],
  [74, 121, 168],
  [203, 147, 58],
  [123, 63, 117],
  [72, 150, 148],
  [214, 160, 140],
  [60, 84, 110],
  [156, 164, 84],
  [140, 108, 88],
  [190, 130, 182],
  [52, 104, 76],
];

type Rgb = readonly [number, number, number];

/** Of class `index`; `background` for class 0 and for pixels without a class. */
export function classColour(index: number, background: Rgb): Rgb {
  if (index === 0 || index === 255) return background;
  return HUES[(index - 1) % HUES.length] ?? background;
}

/** "#EFEADF" or "rgb(1, 2, 3)" as numbers. */
export function parseColour(text: string): Rgb {
  if (text.startsWith('#')) {
    const hex = text.length === 4 ? text.replaceAll(/[0-9a-f]/gi, '$&$&') : text;
    return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as unknown as Rgb;
  }
  const [r = 0, g = 0, b = 0] = (text.match(/[\d.]+/g) ?? []).map(Number);
  return [r, g, b];
}

export function cssColour([r, g, b]: Rgb): string {
  return `rgb(${r}, ${g}, ${b})`;
}
