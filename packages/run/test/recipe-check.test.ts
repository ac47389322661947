import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '@simvlm/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { checkRecipe, type RecipeCheck, readRunConfig, recipeNames } from '../src/node';
import { checkTable, recipeTable } from './recipe-tables';

const names = (await recipeNames()).filter(name => name.startsWith('paper/'));
const file = join(tmpdir(), `simvlm-own-recipe-${process.pid}.json`);

const checks = new Map<string, RecipeCheck>();

/** Each recipe is checked once. */
async function checked(name: string): Promise<RecipeCheck> {
  const check = checks.get(name) ?? (await checkRecipe(name));
  checks.set(name, check);
  return check;
}

beforeAll(() => tf.setBackend('cpu'));
afterEach(() => rmSync(file, { force: true }));

/** A tiny model on COCO's captions. */
const own = (change: object = {}) =>
  writeFileSync(
    file,
    JSON.stringify({
      ...{ name: 'own', objective: { kind: 'captioning' }, steps: 1 },
      model: {
        ...{ architecture: 'encoder-decoder', imageSize: 16, width: 16, layers: 1, heads: 2, mlp: 32 },
        ...{ maxTextLength: 32, patcher: { kind: 'linear', patchSize: 8 } },
      },
      data: { train: { path: 'coco.json', format: 'coco', images: 'pictures' } },
      tokenizer: { vocabSize: 3000 },
      batch: { imageText: 100, textOnly: 0 },
      optimizer: { learningRate: 1e-3 },
      ...change,
    }),
  );

describe.each(names)('%s', name => {
  it('resolves, builds its model at full size, reads made data and makes a batch of the right shapes', async () => {
    const { config, parameters, made, step, memory } = await checked(name);
    const { imageSize } = config.model as { imageSize?: number };
    const side = imageSize ?? 224;
    expect(parameters.all).toBeGreaterThan(250e6);
    expect(parameters.trained).toBeLessThanOrEqual(parameters.all);
    expect(memory).toMatchObject({ weights: 4 * parameters.all, moments: 8 * parameters.trained });
    const { imageText, textOnly } = config.batch;
    expect(step.rows).toBe(imageText + textOnly);
    expect(step.flops).toBeGreaterThan(0);
    expect(made.length).toBeGreaterThan(0);
    for (const { rows, shapes, tokens } of made)
      for (const [key, shape] of Object.entries(shapes)) {
        expect(shape[0], key).toBe(rows);
        if (!key.endsWith('images')) continue;
        // Four bytes travel as one number.
        expect(shape).toEqual([rows, (3 * side ** 2) / 4]);
        expect(tokens.image).toBe((side / 16) ** 2);
      }
  });
});

/** Written anew by `pnpm exec vitest run packages/run/test/recipe-check -u`. */
it('docs/recipes.md has every recipe of the paper, and what its check found', async () => {
  const file = '../../../docs/recipes.md';
  let text = readFileSync(new URL(file, import.meta.url), 'utf8');
  const all = await Promise.all(names.map(checked));
  for (const [part, table] of Object.entries({ recipes: recipeTable(all), checks: checkTable(all) })) {
    const [head, , tail] = text.split(new RegExp(`(?<=<!-- ${part} -->\n)|(?=<!-- end of ${part} -->)`));
    text = `${head}\n${table}\n\n${tail}`;
  }
  await expect(text).toMatchFileSnapshot(file);
});

it('fine-tuning has the rates of the paper', async () => {
  const frozen = ['paper/imagenet-probe'];
  const tuned = names.filter(name => !name.includes('pretrain') && !frozen.includes(name));
  for (const name of tuned) {
    const { optimizer, regularization, init } = await readRunConfig(name);
    expect([1e-5, 2e-5, 5e-5], name).toContain(optimizer.learningRate);
    expect(regularization, name).toMatchObject({ dropout: 0.1, stochasticDepth: 0.1 });
    expect(init, name).toBe('runs/simvlm-base');
  }
  expect((await readRunConfig('paper/pretrain-base')).name).toBe('simvlm-base');
});

it('Base has the parameters of an independent count, and a step of pretraining three forward passes of each row', async () => {
  const { parameters, made, step } = await checkRecipe('paper/pretrain-base', { rows: 2 });
  expect(parameters).toEqual({ all: 251_829_584, trained: 251_829_584 });
  for (const { flops } of made) expect(flops!.step).toBe(3 * flops!.forward);
  const pairs = made.filter(({ shapes }) => shapes.images);
  expect(pairs.reduce((sum, { rows }) => sum + rows, 0)).toBe(2);
  const perRow = (of: typeof made) => of.map(({ rows, flops }) => rows * flops!.step).reduce((a, b) => a + b);
  const documents = made.filter(({ shapes }) => !shapes.images);
  expect(step.flops).toBeCloseTo(2048 * perRow(pairs) + 256 * perRow(documents), -6);
});

it('a recipe begins with weights that fit, interpolated for larger pictures', async () => {
  const { beginning } = await checked('paper/coco');
  expect(beginning!.recipe).toBe('paper/pretrain-base');
  // The positions, and the table of the relative bias in each of the twelve blocks of the encoder.
  expect(beginning!.resized).toHaveLength(13);
  const wider = checkRecipe('paper/coco', { overrides: ['model.preset=large'] });
  await expect(wider).rejects.toThrow(
    /^"init": the run of paper\/pretrain-base is of another model: "patcher\..*" is .* there, and .* here$/,
  );
  const large = ['model.preset=large', 'init=runs/simvlm-large'];
  expect((await checkRecipe('paper/coco', { overrides: large })).beginning!.resized).toHaveLength(25);
});

it('the loss of a made batch is that of a model which knows nothing', async () => {
  own();
  const { forward, made } = await checkRecipe(file, { forward: true, rows: 3 });
  expect(made.reduce((sum, { rows }) => sum + rows, 0)).toBe(3);
  expect(forward!.loss).toBeCloseTo(Math.log(3000), 0);
});

it('what is frozen has no gradients, and below it nothing is computed for them', async () => {
  own({
    training: { accumulate: 2 },
    optimizer: { learningRate: 1e-3, freeze: ['patcher.*', 'encoder.*', 'positions.*', 'embedding.*'] },
  });
  const { parameters, made, step, memory } = await checkRecipe(file);
  expect(step.rows).toBe(200);
  expect(memory.gradients).toBe(4 * parameters.trained);
  const { forward, step: trained } = made[0]!.flops!;
  own();
  const whole = await checkRecipe(file);
  expect(parameters.trained).toBeLessThan(whole.parameters.trained);
  expect(made[0]!.flops!.forward).toBe(whole.made[0]!.flops!.forward);
  expect(trained).toBeGreaterThan(forward);
  expect(trained).toBeLessThan(whole.made[0]!.flops!.step);
  expect(made[0]!.activations).toBeLessThan(whole.made[0]!.activations!);
});

it('beside adapters weights have no gradients', async () => {
  own({ lora: { rank: 2 } });
  const { parameters, made, memory } = await checkRecipe(file);
  // The matrices of queries and values, three attentions of one layer: 16 · 2 and 2 · 16 each.
  expect(parameters.trained).toBe(3 * 2 * 2 * 16 * 2);
  expect(memory.moments).toBe(8 * parameters.trained);
  const { forward, step } = made[0]!.flops!;
  expect(step).toBeGreaterThan(forward);
  expect(step).toBeLessThan(2 * forward);
});

it('leaves no files and no tensors behind, also where it fails', async () => {
  const left = () => readdirSync(tmpdir()).filter(name => name.startsWith('simvlm-recipe-'));
  const [files, tensors] = [left(), tf.memory().numTensors];
  own({ data: { train: { path: 'x.parquet', format: 'parquet' } } });
  const error = await checkRecipe(file).catch(error => error);
  expect(error).toBeInstanceOf(ConfigError);
  expect(error.message).toMatch(/^"data\.train\.format": a check makes files of coco, .*, not of parquet$/);
  own({ task: { kind: 'answer' } });
  await expect(checkRecipe(file)).rejects.toThrow();
  own();
  await checkRecipe(file);
  expect(left()).toEqual(files);
  expect(tf.memory().numTensors).toBe(tensors);
});
