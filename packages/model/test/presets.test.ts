import { readFileSync } from 'node:fs';
import { parameterCount } from '@simvlm/core';
import { describe, expect, test } from 'vitest';
import { convStage, modelParameters, type Preset, presets } from '../src/index';

/** Parameters by part, without a weight allocated. */
function parts(preset: Preset, vocabSize = 32_000) {
  const params = modelParameters({ ...preset, vocabSize, tokens: { pad: 0, bos: 2, eos: 3 } });
  const count = (pattern: RegExp) => parameterCount(params.filter(name => pattern.test(name)));
  return {
    conv: count(/^patcher\.(?!out)/),
    map: count(/^patcher\.out/),
    embedding: count(/^embedding/),
    positions: count(/^positions/),
    encoder: count(/^encoder/),
    decoder: count(/^decoder/),
    all: parameterCount(params),
  };
}

/** A linear map with its bias, and a layer norm. */
const linear = (from: number, to: number) => from * to + to;
const norm = (width: number) => 2 * width;

/** The same from the formulas of the architecture: an independent count. */
function counted({ width: D, layers, heads, mlp, maxTextLength: T }: Preset, grid: number) {
  const attention = 4 * linear(D, D) + norm(D);
  const feed = linear(D, mlp) + linear(mlp, D) + norm(D);
  const bias = heads * (2 * grid - 1) ** 2;
  return {
    embedding: 32_000 * D,
    positions: (grid ** 2 + T) * D,
    encoder: layers * (attention + feed + bias) + norm(D),
    decoder: layers * (2 * attention + feed) + norm(D),
  };
}

/** Stem and bottlenecks (1×1, 3×3, 1×1, a norm after each; a shortcut where the width changes), from the formulas of a ResNet. */
function resnet(bottlenecks: readonly number[], widen = 1): number {
  let from = 64 * widen;
  let sum = 7 * 7 * 3 * from + norm(from);
  for (const [i, blocks] of bottlenecks.entries()) {
    const to = 256 * 2 ** i * widen;
    const middle = to / 4;
    for (let block = 0; block < blocks; block++) {
      sum += from * middle + 9 * middle ** 2 + middle * to + 2 * norm(middle) + norm(to);
      if (from !== to) sum += from * to + norm(to);
      from = to;
    }
  }
  return sum;
}

test.each([
  ['base', resnet([3, 4, 23]), 1024],
  ['large', resnet([3, 8, 36]), 1024],
  ['huge', resnet([3, 8, 36], 2), 2048],
])('%s has, part by part, what the formulas of its architecture count', (name, conv, channels) => {
  const preset = presets[name]!;
  const { all, ...each } = parts(preset);
  const wanted = { conv, map: linear(channels, preset.width), ...counted(preset, 14) };
  expect(each).toEqual(wanted);
  expect(all).toBe(Object.values(wanted).reduce((sum, count) => sum + count));
});

test('base has the parts of an independent count: 251.8 M parameters', () => {
  const millions = Object.fromEntries(
    Object.entries(parts(presets.base!)).map(([part, count]) => [part, Math.round(count / 10_000) / 100]),
  );
  expect(millions).toEqual({
    conv: 27.54,
    map: 0.79,
    embedding: 24.58,
    positions: 0.35,
    encoder: 85.16, // the relative bias tables, 0.10 M, included
    decoder: 113.42,
    all: 251.83,
  });
});

test('encoders have the size of the blocks of ViT-B, -L and -H', () => {
  const encoder = (name: string) => Math.round(parts(presets[name]!).encoder / 1e6);
  expect(['base', 'large', 'huge'].map(encoder)).toEqual([85, 303, 630]);
});

test('our reading of huge has 1.69 billion parameters, 1.47 of them in its layers: more than the 1.4 of other tables', () => {
  const { encoder, decoder, all } = parts(presets.huge!);
  expect(all).toBe(1_686_296_448);
  expect(encoder + decoder).toBe(1_469_695_488);
});

describe('the conv stage', () => {
  const tokens = (preset: Preset) => {
    const config = { ...preset, vocabSize: 32_000, tokens: { pad: 0, bos: 2, eos: 3 } };
    return modelParameters(config).get('positions.image').shape[0];
  };

  test.each([
    ['resnet-101', 'base', [3, 4, 23, 3], 1],
    ['resnet-152', 'large', [3, 8, 36, 3], 1],
    ['resnet-152-wide', 'huge', [3, 8, 36, 3], 2],
  ] as const)(
    '%s with 2, 3 or 4 blocks has the parameters of the first stages of that ResNet',
    (name, of, bottlenecks, widen) => {
      for (const blocks of [2, 3, 4] as const) {
        const preset = { ...presets[of]!, patcher: convStage(name, blocks) };
        const { conv, map } = parts(preset);
        expect(conv).toBe(resnet(bottlenecks.slice(0, blocks), widen));
        expect(map).toBe(linear(256 * 2 ** (blocks - 1) * widen, preset.width));
        expect(tokens(preset)).toBe({ 2: 784, 3: 196, 4: 49 }[blocks]);
      }
    },
  );

  test('is the whole of a ResNet but its classifier with 4 blocks: 42.5 and 58.1 M, as published', () => {
    // torchvision: resnet101 44,549,160 and resnet152 60,192,808 parameters, 2,049,000 of them the classifier.
    expect(resnet([3, 4, 23, 3])).toBe(44_549_160 - 2_049_000);
    expect(resnet([3, 8, 36, 3])).toBe(60_192_808 - 2_049_000);
  });

  test('with 0 blocks is the linear patches of 16 pixels of a vision Transformer', () => {
    const preset = { ...presets.base!, patcher: convStage('resnet-101', 0) };
    expect(parts(preset)).toMatchObject({ conv: 0, map: linear(16 * 16 * 3, 768) });
    expect(tokens(preset)).toBe(196);
  });

  test('of the presets has 3 blocks', () => {
    expect(presets.base!.patcher).toEqual(convStage('resnet-101', 3));
    expect(presets.large!.patcher).toEqual(convStage('resnet-152'));
    expect(presets.huge!.patcher).toEqual(convStage('resnet-152-wide', 3));
  });
});

test('the emoji presets are small', () => {
  expect(parts(presets['emoji-tiny']!, 1500).all).toBeLessThan(1e6);
  expect(parts(presets['emoji-small']!, 1500).all).toBeLessThan(1e7);
});

test('the preset of the bundled model is that model', () => {
  const file = new URL('../../checkpoint-emoji/checkpoint/model.json', import.meta.url);
  const { vocabSize: _, tokens: __, ...bundled } = JSON.parse(readFileSync(file, 'utf8'));
  expect(presets['emoji-bundled']).toEqual(bundled);
});
