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
