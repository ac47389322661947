import { expect, test } from 'vitest';
import type { SimVlmConfig } from '../config';
import type { Network } from '../network/contract';
import { picturesAtOnce } from './at-once';

/** BLIP-base on pictures of 384 pixels: each keeps 577 × 12 × 768 keys and as many values, 42.5 MB. */
const config: SimVlmConfig = {
  ...{ architecture: 'encoder-decoder', encoder: { kind: 'none' }, imageSize: 384 },
  ...{ width: 768, layers: 12, heads: 12, mlp: 3072, vocabSize: 30_524, maxTextLength: 512 },
  tokens: { pad: 0, bos: 30_522, eos: 102 },
  patcher: { kind: 'vit' },
  generation: { maxLength: 20 },
};
const blip = { config, network: { imageTokens: 577 } as Network };
const beams = { kind: 'beam', beams: 3 } as const;
const inMiB = (tokens: number) => (tokens * 12 * 768 * 2 * 4) / 2 ** 20;

test('as many pictures as have room for their keys and values in 512 MiB', () => {
  const count = picturesAtOnce(blip);
  expect(count * inMiB(577 + 20)).toBeLessThanOrEqual(512);
  expect((count + 1) * inMiB(577 + 20)).toBeGreaterThan(512);
});

test('each beam and each sample has its own, beside the first ones while they are copied', () => {
  const searched = picturesAtOnce(blip, { sampler: beams });
  expect(searched * inMiB(4 * 577 + 3 * 20)).toBeLessThanOrEqual(512);
  expect((searched + 1) * inMiB(4 * 577 + 3 * 20)).toBeGreaterThan(512);
  const sampler = { kind: 'top-k', k: 5, seed: 0 } as const;
  expect(picturesAtOnce(blip, { sampler, captions: 3 })).toBe(searched);
  const own = { ...config, generation: { maxLength: 20, sampler: beams } };
  expect(picturesAtOnce({ ...blip, config: own })).toBe(searched);
  expect(picturesAtOnce({ ...blip, config: own }, { sampler: { kind: 'greedy' } })).toBe(
    picturesAtOnce(blip),
  );
});

test('long texts take room, too', () => {
  const long = picturesAtOnce(blip, { sampler: beams, maxLength: 500 });
  expect(long).toBe(Math.floor(512 / inMiB(4 * 577 + 3 * 500)));
});

test('answers do not keep the image for each beam', () => {
  const asked = { ...config, encoder: { kind: 'question', first: 101, last: 102 } } as const;
  expect(picturesAtOnce({ ...blip, config: asked }, { sampler: beams })).toBe(
    Math.floor(512 / inMiB(577 + 3 * 20)),
  );
});

test('it is one at least, and 64 at most', () => {
  expect(picturesAtOnce(blip, { sampler: { kind: 'beam', beams: 100 } })).toBe(1);
  expect(picturesAtOnce({ ...blip, config: { ...config, width: 64, layers: 2 } })).toBe(64);
});
