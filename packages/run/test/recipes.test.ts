import { readFileSync } from 'node:fs';
import { ConfigError } from '@simvlm/core';
import { expect, it } from 'vitest';
import { resolveRunConfig } from '../src/index';
import { readRecipe, readRunConfig, recipeNames } from '../src/node';
import { differences } from '../src/report/differences';
import { resumeChanges } from '../src/resume-changes';

it('every shipped recipe resolves, says what it is for and how it is run, and is found by its name', async () => {
  const names = await recipeNames();
  expect(names).toContain('demo');
  for (const name of names) {
    const { about } = await readRunConfig(name);
    expect(about, name).toMatchObject({ what: expect.any(String), command: expect.any(String) });
    const { file, config } = await readRecipe(name);
    expect(config).toEqual(JSON.parse(readFileSync(file, 'utf8')));
  }
});

it('overrides apply to a recipe as to a file', async () => {
  const config = await readRunConfig('demo', ['seed=7', 'minutes=1']);
  expect(config).toMatchObject({ name: 'demo', seed: 7, minutes: 1 });
});

it('an unknown name is told with those that there are', async () => {
  await expect(readRunConfig('dmeo')).rejects.toThrow(
    /^cannot read the config dmeo: ENOENT; there is no recipe of this name either, there are .*demo.*; did you mean "demo"\?$/,
  );
  await expect(readRecipe('../package')).rejects.toThrow(/^no recipe "\.\.\/package"; there are .*demo/);
  await expect(readRecipe('x')).rejects.toBeInstanceOf(ConfigError);
});

it('what a run says of itself is no part of what it is', async () => {
  const config = await readRunConfig('demo');
  const told = resolveRunConfig({ ...config, about: { what: 'the same' } });
  expect(resumeChanges(config, told)).toEqual({ refused: [], told: [] });
  expect(differences([config, told] as never)).toEqual([]);
  const slip = { ...config, about: { waht: 'a slip' } };
  expect(() => resolveRunConfig(slip)).toThrow(
    /unknown key "about.waht"; allowed: what, .*did you mean "what"/,
  );
});
