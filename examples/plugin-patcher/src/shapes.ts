import type { Example, RgbImage } from '@simvlm/core';
import { Random } from '@simvlm/core';

const colours: Record<string, [number, number, number]> = {
  red: [220, 40, 40],
  green: [40, 170, 70],
  blue: [50, 80, 220],
  yellow: [240, 210, 50],
};
const shapes: Record<string, (x: number, y: number) => boolean> = {
  square: (x, y) => Math.max(Math.abs(x), Math.abs(y)) < 0.7,
  ring: (x, y) => x * x + y * y < 0.7 && x * x + y * y > 0.25,
  cross: (x, y) => Math.min(Math.abs(x), Math.abs(y)) < 0.22 && Math.max(Math.abs(x), Math.abs(y)) < 0.8,
};

/** Drawn pictures of "a red square", "a blue ring", …: `count` of them at random places, 32 × 32 pixels. */
export function shapeExamples(count: number, seed: number): Example[] {
  const random = Random.fromSeed(seed);
  return Array.from({ length: count }, (_, i) => {
    const colour = random.pick(Object.keys(colours));
    const shape = random.pick(Object.keys(shapes));
    return {
      id: `${i}`,
      text: `a ${colour} ${shape}`,
      image: draw(colours[colour]!, shapes[shape]!, random),
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
