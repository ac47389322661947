import { Random } from '@simvlm/core';
import { expect, it } from 'vitest';
import { TextDraw } from '../src/sources/text-draw';

it('texts are drawn evenly from however many, and each is kept once', () => {
  const draw = new TextDraw(100, Random.fromSeed(1));
  for (let i = 0; i < 1000; i++) draw.add(`text ${i}`);
  const numbers = draw.texts.map(text => Number(text.slice(5)));
  expect(new Set(numbers).size).toBe(100);
  // Ten of each hundred, give or take four standard deviations.
  for (let from = 0; from < 1000; from += 100)
    expect(Math.abs(numbers.filter(n => n >= from && n < from + 100).length - 10)).toBeLessThan(12);
  const few = new TextDraw(100, Random.fromSeed(1));
  for (const text of ['a', 'b', 'a', ' ']) few.add(text);
  expect(few.texts).toEqual(['a', 'b']);
});
