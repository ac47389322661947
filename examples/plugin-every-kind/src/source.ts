import { checkOptions, type Example, type PluginKinds, Random, type RgbImage, rule } from '@simvlm/core';
import { arrayDataset } from '@simvlm/data';

export const colours: Readonly<Record<string, readonly [number, number, number]>> = {
  red: [220, 40, 40],
  green: [40, 170, 70],
  blue: [50, 80, 220],
  yellow: [240, 210, 50],
};
const forms: Readonly<Record<string, (x: number, y: number) => boolean>> = {
  square: (x, y) => Math.max(Math.abs(x), Math.abs(y)) < 0.7,
  ring: (x, y) => x * x + y * y < 0.7 && x * x + y * y > 0.25,
  cross: (x, y) => Math.min(Math.abs(x), Math.abs(y)) < 0.22 && Math.max(Math.abs(x), Math.abs(y)) < 0.8,
};

/**
 * Drawn pictures of "a red square", "a blue ring", … at random places, 32 × 32 pixels. The field `colour` says which it is.
 *
 * Options: how many, `count`; `seed` of the drawing.
 */
export const shapes: PluginKinds['source'] = async options => {
  checkOptions('shapes', options, { count: rule.integer(1, 1_000_000), seed: rule.integer(0) });
  const { count = 1000, seed = 0 } = options as { count?: number; seed?: number };
  return arrayDataset(shapeExamples(count, seed));
};

function shapeExamples(count: number, seed: number): Example[] {
  const random = Random.fromSeed(seed);
  return Array.from({ length: count }, (_, i) => {
    const colour = random.pick(Object.keys(colours));
    const shape = random.pick(Object.keys(forms));
    return {
      ...{ id: `${seed}-${i}`, text: `a ${colour} ${shape}`, fields: { colour } },
      image: draw(colours[colour]!, forms[shape]!, random),
    };
  });
}

function draw(
  rgb: readonly [number, number, number],
  inside: (x: number, y: number) => boolean,
  random: Random,
): RgbImage {
  const side = 32;
  const radius = 7 + random.integer(6);
  const centre = [
    radius + random.integer(side - 2 * radius),
    radius + random.integer(side - 2 * radius),
  ] as const;
  const data = new Uint8Array(side * side * 3).fill(255);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      if (inside((x - centre[0]) / radius, (y - centre[1]) / radius)) data.set(rgb, (y * side + x) * 3);
    }
  }
  return { width: side, height: side, data };
}
