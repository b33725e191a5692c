/** svgcanvas ships no types: what is used of it. */
declare module 'svgcanvas' {
  /** Draws as a canvas does, into an SVG document of `width` by `height`. */
  export class Context {
    constructor(options: { readonly width: number; readonly height: number });
    getSvg(): SVGSVGElement;
  }
}
