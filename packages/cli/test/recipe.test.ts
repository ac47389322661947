import { expect, it } from 'vitest';
import { simvlm } from './fixture';

it('recipes are listed with what they are for, and shown as they are written', async () => {
  const { code, out } = await simvlm('recipe', 'list');
  expect(code).toBe(0);
  expect(out).toMatch(/^demo\s+SimVLM on a small scale/m);
  const listed = JSON.parse((await simvlm('recipe', 'list', '--json')).out);
  expect(listed).toContainEqual(expect.objectContaining({ name: 'demo', command: 'simvlm demo' }));
  const shown = JSON.parse((await simvlm('recipe', 'show', 'demo')).out);
  expect(shown).toMatchObject({ name: 'demo', model: 'emoji-tiny' });
});

it('a recipe that there is not is a wrong request, in recipe show and in train', async () => {
  for (const args of [
    ['recipe', 'show', 'dem'],
    ['train', 'dem'],
  ]) {
    const { code, err } = await simvlm(...args);
    expect(code).toBe(2);
    expect(err).toContain('did you mean "demo"?');
  }
});

it('a check says what a recipe needs without its data, and how long a step takes at a given speed', async () => {
  const { code, out } = await simvlm('recipe', 'check', 'paper/coco', '--tflops', '100');
  expect(code).toBe(0);
  expect(out).toMatch(/^paper\/coco\n {2}for +Captioning of COCO/);
  expect(out).toMatch(/parameters +25\d\.\d\d M, of which 25\d\.\d\d M are trained/);
  expect(out).toMatch(/images \[\d+, 172800\]/);
  const { lines } = await simvlm('recipe', 'check', 'paper/coco', '--json', '--rows', '2', '--tflops', '100');
  const { step, made, seconds } = JSON.parse(lines[0]!);
  expect(made.reduce((sum: number, { rows }: { rows: number }) => sum + rows, 0)).toBe(2);
  expect(seconds).toBeCloseTo(step.flops / 1e14, 9);
});
