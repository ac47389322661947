import { Random } from '@simvlm/core';

/** Red, green and blue, 0 to 255. */
export type Colour = readonly [number, number, number];

/** Least contrast of ink and paper: what WCAG 2.2 asks of graphics (success criterion 1.4.11). */
export const LEAST_CONTRAST = 3;

/** Of so many pictures the paper is white, as it is around emoji. */
const WHITE_PAPER = 0.5;

const random = Random.fromSeed(210_810_904).fork('ink and paper');

/** The colours of a picture in one colour, drawn by its key: at random, but told apart. */
export function inkAndPaper(key: string): { ink: Colour; paper: Colour } {
  const draw = random.fork(key);
  const any = (): Colour => [draw.integer(256), draw.integer(256), draw.integer(256)];
  const paper: Colour = draw.uniform() < WHITE_PAPER ? [255, 255, 255] : any();
  for (;;) {
    const ink = any();
    if (contrast(ink, paper) >= LEAST_CONTRAST) return { ink, paper };
  }
}

/** Contrast as WCAG 2.2 defines it, 1 to 21. */
export function contrast(one: Colour, other: Colour): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

function luminance([red, green, blue]: Colour): number {
  const linear = (value: number) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

/**
 * A picture in black on white in other colours.
 *
 * @param pixels `uint8[n, 3]`
 */
export function recoloured(pixels: Uint8Array, { ink, paper }: { ink: Colour; paper: Colour }): Uint8Array {
  return pixels.map((value, i) => {
    const [black, white] = [ink[i % 3]!, paper[i % 3]!];
    return Math.round(black + ((white - black) * value) / 255);
  });
}
