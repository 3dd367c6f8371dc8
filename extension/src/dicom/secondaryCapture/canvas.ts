import { ADVANCE, GLYPH, glyphRows } from './font';

/** Red, green and blue, 0–255. */
export type Rgb = readonly [number, number, number];

export const BLACK: Rgb = [0, 0, 0];
export const WHITE: Rgb = [255, 255, 255];

/** An RGB picture, eight bits a sample, colour-by-pixel, row by row from the top. */
export class Canvas {
  constructor(
    readonly width: number,
    readonly height: number,
    readonly pixels = new Uint8Array(width * height * 3),
  ) {}

  set(x: number, y: number, colour: Rgb): void {
    this.blend(x, y, colour, 1);
  }

  /** A grey pixel within the picture. */
  grey(x: number, y: number, value: number): void {
    const at = 3 * (x + this.width * y);
    this.pixels[at] = value;
    this.pixels[at + 1] = value;
    this.pixels[at + 2] = value;
  }

  /** Lays a colour over a pixel; `share` of the colour, the rest of what was there. */
  blend(x: number, y: number, colour: Rgb, share: number): void {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return;
    const at = 3 * (x + this.width * y);
    const { pixels } = this;
    const rest = 1 - share;
    pixels[at] = share * colour[0] + rest * pixels[at] + 0.5;
    pixels[at + 1] = share * colour[1] + rest * pixels[at + 1] + 0.5;
    pixels[at + 2] = share * colour[2] + rest * pixels[at + 2] + 0.5;
  }

  fill(x: number, y: number, width: number, height: number, colour: Rgb): void {
    for (let row = y; row < y + height; row++) {
      for (let column = x; column < x + width; column++) this.set(column, row, colour);
    }
  }

  /** The edges of a rectangle, `thick` pixels inwards. */
  frame(x: number, y: number, width: number, height: number, thick: number, colour: Rgb): void {
    this.fill(x, y, width, thick, colour);
    this.fill(x, y + height - thick, width, thick, colour);
    this.fill(x, y, thick, height, colour);
    this.fill(x + width - thick, y, thick, height, colour);
  }

  /** A line of text with its top left corner at (x, y), each pixel of the font `scale` pixels wide. */
  text(x: number, y: number, text: string, scale: number, colour: Rgb): void {
    Array.from(text).forEach((character, index) => {
      glyphRows(character).forEach((bits, row) => {
        for (let column = 0; column < GLYPH.width; column++) {
          if ((bits >> (GLYPH.width - 1 - column)) & 1) {
            const left = x + (index * ADVANCE.across + column) * scale;
            this.fill(left, y + row * scale, scale, scale, colour);
          }
        }
      });
    });
  }

  /** Text on a dark edge, readable on any picture. */
  outlinedText(x: number, y: number, text: string, scale: number, colour: Rgb): void {
    for (const [dx, dy] of [
      [-1, 0],
      [1, 0],
      [0, -1],
      [0, 1],
      [-1, -1],
      [1, 1],
      [-1, 1],
      [1, -1],
    ]) {
      this.text(x + dx * Math.ceil(scale / 2), y + dy * Math.ceil(scale / 2), text, scale, BLACK);
    }
    this.text(x, y, text, scale, colour);
  }
}
