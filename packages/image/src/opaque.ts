/**
 * Pixels as RGB, what is transparent laid on white. The result is Pillow's `alpha_composite` to the bit, which models of others were trained on:
 * sharp's `flatten` rounds otherwise.
 *
 * @param pixels row-major, of `channels` each: grey, grey and alpha, RGB, or RGB and alpha
 */
export function opaqueRgb(pixels: Uint8Array, channels: number): Uint8Array {
  if (channels === 3) return new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.length);
  const count = pixels.length / channels;
  const [isColour, hasAlpha] = [channels >= 3, channels % 2 === 0];
  const rgb = new Uint8Array(3 * count);
  for (let i = 0; i < count; i++)
    for (let c = 0; c < 3; c++) {
      const value = pixels[channels * i + (isColour ? c : 0)]!;
      rgb[3 * i + c] = hasAlpha ? onWhite(value, pixels[channels * (i + 1) - 1]!) : value;
    }
  return rgb;
}

/** Of 255ths, with the seven more bits that Pillow has. */
function onWhite(value: number, alpha: number): number {
  const sum = 128 * (value * alpha + 255 * (255 - alpha) + 128);
  return (((sum >> 8) + sum) >> 8) >> 7;
}
