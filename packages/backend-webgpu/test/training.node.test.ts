import { registerWasmBackend } from '@simvlm/backend-wasm';
import { describeTraining, smallScale, type TrainingData } from '@simvlm/conformance';
import type { Example, RgbImage } from '@simvlm/core';
import { describe, ready } from './node';

const colours = { red: [220, 40, 40], green: [40, 180, 60], blue: [50, 80, 230], white: [240, 240, 240] };
const places = { left: 4, right: 18 };

/** A square on black. */
function square([r, g, b]: number[], left: number): RgbImage {
  const data = new Uint8Array(32 * 32 * 3);
  for (let y = 9; y < 23; y++)
    for (let x = left; x < left + 10; x++) data.set([r!, g!, b!], 3 * (32 * y + x));
  return { width: 32, height: 32, data };
}

/** Pictures that are made here. */
function squares(): TrainingData {
  const pairs: Example[] = [];
  for (const [colour, rgb] of Object.entries(colours))
    for (const [place, x] of Object.entries(places))
      pairs.push({
        id: `${colour} ${place}`,
        text: `a ${colour} square on the ${place}`,
        image: square(rgb, x),
      });
  const words = ['colour', 'square', 'left', 'right', 'a side', 'a picture', 'black', 'light', 'dark'];
  const documents = words.flatMap((a, i) =>
    words.map((b, j) => ({ id: `${i}.${j}`, text: `the ${a} is not the ${b} of it` })),
  );
  return { pairs, documents };
}

describe('conformance', () =>
  describeTraining('webgpu', {
    ready: async () => {
      await registerWasmBackend({ threads: 1 });
      await ready();
    },
    data: async () => squares(),
    steps: 50,
    fall: 0.5,
    scale: smallScale,
  }));
