import { presets, SimVlm } from '@simvlm/model';
import { expect, test } from 'vitest';

// This file imports no backend, as a program that forgets to.
test('a model without a backend says how to get one', () => {
  const config = { ...presets['emoji-tiny']!, vocabSize: 20, tokens: { pad: 0, bos: 1, eos: 2 } };
  expect(() => SimVlm.create(config, { seed: 1 })).toThrow(
    /there is no backend to compute with: call pickBackend/,
  );
});
