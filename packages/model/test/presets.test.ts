import { parameterCount } from '@simvlm/core';
import { expect, test } from 'vitest';
import { modelParameters, presets } from '../src/index';

function count(name: string, part = ''): number {
  const config = {
    ...presets[name]!,
    vocabSize: name.startsWith('emoji') ? 1500 : 32_000,
    tokens: { pad: 0, bos: 2, eos: 3 },
  };
  return parameterCount(modelParameters(config).filter(parameter => parameter.startsWith(part)));
}
const millions = (n: number) => Math.round(n / 10_000) / 100;

test('base has the parts of an independent count: 251.8 M parameters', () => {
  const map = count('base', 'patcher.out');
  expect(millions(count('base', 'patcher') - map)).toBe(27.54);
  expect(millions(map)).toBe(0.79);
  expect(millions(count('base', 'embedding'))).toBe(24.58);
  expect(millions(count('base', 'positions'))).toBe(0.35);
  expect(millions(count('base', 'encoder'))).toBe(85.16); // the relative bias tables, 0.10 M, included
  expect(millions(count('base', 'decoder'))).toBe(113.42);
  expect(Math.round(count('base') / 100_000) / 10).toBe(251.8);
});

test('large and huge grow from base; our reading of huge has 1.69 billion parameters', () => {
  expect(millions(count('large', 'encoder'))).toBe(302.59);
  expect(Math.round(count('huge') / 1e7) / 100).toBe(1.69);
  expect(count('large')).toBeGreaterThan(2 * count('base'));
  expect(count('large')).toBeLessThan(count('huge'));
});

test('the emoji presets are small', () => {
  expect(millions(count('emoji-tiny'))).toBeLessThan(1);
  expect(millions(count('emoji-small'))).toBeLessThan(10);
});
