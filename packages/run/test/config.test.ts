import { readFileSync } from 'node:fs';
import { ConfigError, isRequestError } from '@simvlm/core';
import { describe, expect, it } from 'vitest';
import { applyOverrides, demoConfig, resolveRunConfig } from '../src/index';
import { readRunConfig } from '../src/node';

const least = {
  name: 'mine',
  model: 'emoji-tiny',
  data: { train: 'pictures' },
  optimizer: { learningRate: 1e-3 },
  steps: 10,
};

describe('what is wrong is one message with the path of the key, the value and what is allowed', () => {
  it.each([
    // An unknown key,
    [{ lerning: 1 }, /^run config: unknown key "lerning"; allowed: name, about, seed, .*$/],
    [{ optimiser: {} }, /^run config: unknown key "optimiser"; .*; did you mean "optimizer"\?$/],
    [
      { optimizer: { learningrate: 1 } },
      /^run config: unknown key "optimizer\.learningrate"; allowed: .*; did you mean "learningRate"\?$/,
    ],
    [{ lora: { rank: 2, r: 1 } }, /^run config: unknown key "lora\.r"; allowed: rank, alpha, targets.*$/],
    [
      { optimizer: { learningRate: 1, groups: [{ match: ['*'], rate: 1 }] } },
      /unknown key "optimizer\.groups\.0\.rate"; allowed: match, learningRate, weightDecay/,
    ],
    // … a wrong type,
    [{ seed: 'one' }, /^run config: "seed" must be an integer ≥ 0, got "one"$/],
    [{ batch: [] }, /^run config: "batch" must be an object, got \[\]$/],
    [
      { optimizer: { learningRate: 1, freeze: [null] } },
      /"optimizer\.freeze" must be a list of strings, got \[null\]$/,
    ],
    [{ model: 5 }, /^run config: "model" must be a preset name or a model configuration, got 5$/],
    [
      { data: { train: { folder: 'x' } } },
      /"data\.train" must be a path, "emoji", \{ "path": … \} or \{ "source": NAME, … \}, or a list of these, got \{/,
    ],
    [{ data: { train: 5 } }, /"data\.train" must be a path, .*, or a list of these, got 5$/],
    [{ data: { train: [] } }, /"data\.train" must be a path, .*, or a list of these, got \[\]$/],
    [
      { data: { train: { path: 'x', fromat: 'coco' } } },
      /unknown key "data\.train\.fromat"; allowed: path, format, .*; did you mean "format"\?$/,
    ],
    [
      { data: { train: { path: 'x', format: 'cocoa' } } },
      /"data\.train\.format" must be one of webdataset, .*, got "cocoa"; did you mean "coco"\?$/,
    ],
    [
      { data: { train: ['y', { path: 'x', map: { imgae: 'file' } }] } },
      /unknown key "data\.train\.1\.map\.imgae"; allowed: image, .*; did you mean "image"\?$/,
    ],
    [
      { data: { train: { path: 'x', map: { image: -1 } } } },
      /"data\.train\.map\.image" must be the name of a column, or its number from 0, got -1$/,
    ],
    [
      { data: { train: ['y', { source: 'x', weight: 0 }] } },
      /"data\.train\.1\.weight" must be a number above 0, got 0$/,
    ],
    [
      { data: { train: { path: ['x', 1] } } },
      /"data\.train\.path" must be a folder, a file, a brace range or an address, or a list of files, got/,
    ],
    [
      { data: { train: { path: 'x', shuffle: true } } },
      /"data\.train\.shuffle" must be false or an integer ≥ 1/,
    ],
    [
      { data: { train: 'x', documents: { path: 5 } } },
      /"data\.documents\.path" must be a folder, .*, got 5$/,
    ],
    // … a value out of its range,
    [
      { regularization: { dropout: 1 } },
      /"regularization\.dropout" must be a number from 0 to below 1, got 1$/,
    ],
    [
      { optimizer: { learningRate: Number.POSITIVE_INFINITY } },
      /"optimizer\.learningRate" must be a number from 0 to 1, got Infinity$/,
    ],
    [{ steps: 1.5 }, /^run config: "steps" must be an integer ≥ 1, got 1\.5$/],
    [{ lora: { rank: 0 } }, /^run config: "lora\.rank" must be an integer from 1 to 65536, got 0$/],
    [{ augment: 'drawng' }, /"augment" must be one of none, .*, got "drawng"; did you mean "drawing"\?$/],
    [{ name: '../out' }, /^run config: "name" must be the name of a folder in runs\/.*, got "\.\.\/out"$/],
    // … and keys that exclude each other.
    [{ minutes: 1 }, /^run config: "steps" and "minutes" exclude each other: give one of them$/],
    [
      { tokenizer: { model: 'a.model', vocabSize: 100 } },
      /"tokenizer\.model" and "tokenizer\.vocabSize" exclude each other/,
    ],
    [
      { data: { train: 'a', val: 'b', valShare: 0.1 } },
      /"data\.val" and "data\.valShare" exclude each other/,
    ],
    [
      { data: { train: 'emoji', val: 'b' } },
      /"data\.val" does not go with "data\.train" emoji, which has its own$/,
    ],
    [
      { steps: undefined, minutes: 1, optimizer: { learningRate: 1, warmup: 0.1 } },
      /"optimizer\.warmup" must be 40 steps or more in a run of "minutes", got 0\.1$/,
    ],
  ])('%j', (change, message) => {
    const resolve = () => resolveRunConfig({ ...least, ...change });
    expect(resolve).toThrow(message);
    expect(resolve).toThrow(ConfigError);
  });

  it.each([
    ['name', /^run config: "name" is missing; give the name of a folder in runs\//],
    ['model', /^run config: "model" is missing; give a preset name or a model configuration$/],
    ['data', /^run config: "data" is missing; give an object with "train"$/],
    ['optimizer', /^run config: "optimizer" is missing; give an object with "learningRate"$/],
    ['steps', /^run config: say how long the run is: give "steps" or "epochs" or "minutes"$/],
  ])('without "%s"', (key, message) => {
    const { [key as keyof typeof least]: _, ...rest } = least;
    expect(() => resolveRunConfig(rest)).toThrow(message);
  });

  it.each([[null], [5], ['x'], [[]]])('%j is no configuration', given => {
    expect(() => resolveRunConfig(given)).toThrow(/^run config: must be an object$/);
  });

  it('a file that is not there, by its name', async () => {
    const error = await readRunConfig('nowhere.json').catch(error => error);
    expect(error.message).toBe('cannot read the config nowhere.json: ENOENT');
    expect(isRequestError(error)).toBe(true);
  });
});

it('what has a default is filled in, and resolving again changes nothing', () => {
  const config = resolveRunConfig({ $schema: './schema.json', ...least });
  expect(config).toMatchObject({
    ...least,
    seed: 1,
    objective: { kind: 'prefix-lm' },
    batch: { imageText: 64, textOnly: 8 },
    augment: 'none',
    optimizer: {
      ...{ weightDecay: 0.01, beta1: 0.9, beta2: 0.999, clip: 1, warmup: 0.02, schedule: 'linear' },
    },
    regularization: { dropout: 0, stochasticDepth: 0, labelSmoothing: 0 },
    training: { accumulate: 1, captureSteps: false },
    precision: 'float32',
    checkpoints: { seconds: 300 },
  });
  expect(config).not.toHaveProperty('$schema');
  expect(config).not.toHaveProperty('minutes');
  expect(resolveRunConfig(config)).toEqual(config);
});

it('a run of minutes warms up for 100 steps', () => {
  const { steps: _, ...rest } = least;
  expect(resolveRunConfig({ ...rest, minutes: 1 }).optimizer.warmup).toBe(100);
});

it('an override takes the place of what it excludes', () => {
  const given = applyOverrides(least, ['minutes=2', 'optimizer.warmup=50']);
  expect(resolveRunConfig(given)).toMatchObject({ minutes: 2, optimizer: { warmup: 50 } });
  const own = { ...least, tokenizer: { vocabSize: 100 } };
  expect(resolveRunConfig(applyOverrides(own, ['tokenizer.model=a.model'])).tokenizer).toEqual({
    ...{ model: 'a.model', sentinels: 0 },
  });
});

it('the demo says all that it depends on', () => {
  const written = JSON.parse(readFileSync(new URL('../configs/demo.json', import.meta.url), 'utf8'));
  const { $schema: _, ...rest } = written;
  expect(demoConfig()).toMatchObject(rest);
});

it('recorded steps are taken before their loss is known, and so none is skipped', () => {
  const change = { spikes: { action: 'skip' }, training: { captureSteps: true } };
  expect(() => resolveRunConfig({ ...least, ...change })).toThrow('exclude each other: use "rollback"');
});
