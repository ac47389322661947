import type { RgbImage } from '@simvlm/core';

/** A colour as people name it. */
export type Colour =
  | 'red'
  | 'orange'
  | 'yellow'
  | 'green'
  | 'blue'
  | 'purple'
  | 'pink'
  | 'brown'
  | 'black'
  | 'grey';

/** The lightest that counts as drawn: emoji stand on white. */
const WHITE = 235;
/** Of a picture, that must be drawn for it to have a colour. */
const MIN_DRAWN = 0.1;
/** Of what is drawn, that must be of one colour. */
const MIN_SHARE = 0.6;

/**
 * The colour of three fifths or more of what is drawn, as people name it; `undefined` where there is none. What is almost white is the ground, and hues
 * between two names count for neither.
 */
export function mainColour({ data, width, height }: RgbImage): Colour | undefined {
  const counts = new Map<Colour, number>();
  let drawn = 0;
  for (let at = 0; at < data.length; at += 3) {
    const [red, green, blue] = [data[at]!, data[at + 1]!, data[at + 2]!];
    if (Math.min(red, green, blue) > WHITE) continue;
    drawn++;
    const colour = colourOf(red, green, blue);
    if (colour) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  if (drawn < MIN_DRAWN * width * height) return undefined;
  return [...counts].find(([, count]) => count >= MIN_SHARE * drawn)?.[0];
}

/** The name of a colour, by hue in degrees, chroma and lightness. @param red, green, blue from 0 to 255 */
function colourOf(red: number, green: number, blue: number): Colour | undefined {
  const lightest = Math.max(red, green, blue);
  const chroma = lightest - Math.min(red, green, blue);
  if (lightest < 70) return 'black';
  if (chroma < 28) return lightest < 225 ? 'grey' : undefined;
  const hue = hueOf(red, green, blue, lightest, chroma);
  const isDark = lightest < 165;
  if (hue < 45 && isDark && chroma < 120) return 'brown';
  if (hue >= 310 && hue < 350) return 'pink';
  if (hue < 12 || hue >= 350) return chroma > 110 ? 'red' : undefined;
  if (hue >= 20 && hue < 38) return chroma > 110 ? 'orange' : undefined;
  if (hue >= 42 && hue < 65) return 'yellow';
  if (hue >= 80 && hue < 165) return 'green';
  if (hue >= 185 && hue < 245) return 'blue';
  return hue >= 258 && hue < 300 ? 'purple' : undefined;
}

function hueOf(red: number, green: number, blue: number, lightest: number, chroma: number): number {
  if (lightest === red) return (60 * ((green - blue) / chroma) + 360) % 360;
  if (lightest === green) return 60 * ((blue - red) / chroma) + 120;
  return 60 * ((red - green) / chroma) + 240;
}
