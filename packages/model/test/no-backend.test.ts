import { presets, SimVlm } from '@simvlm/model';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, expect, test } from 'vitest';

// As in a program that imports no backend: the worker of this file may have some from the files before it.
const engine = tf.engine();
const registered = engine.registryFactory;
beforeEach(() => {
  engine.registryFactory = {};
});
afterEach(() => {
  engine.registryFactory = registered;
});

test('a model without a backend says how to get one', () => {
  const config = { ...presets['emoji-tiny']!, vocabSize: 20, tokens: { pad: 0, bos: 1, eos: 2 } };
  expect(() => SimVlm.create(config, { seed: 1 })).toThrow(
    /there is no backend to compute with: call pickBackend/,
  );
});
