import { memoryStorage, readSafetensors } from '@simvlm/checkpoint';
import { ParameterTree } from '@simvlm/core';
import { prefixLmLearner, SimVlm } from '@simvlm/model';
import { beforeAll, describe, expect, test } from 'vitest';
import { lossAndGradients, trainable } from '../src/index';
import { batches, errorOf, run, tinyConfig, useBackend } from './tiny';

beforeAll(() => useBackend('wasm'));

const tensorsOf = (bytes: Uint8Array) => readSafetensors(bytes).tensors;

async function initialWeights() {
  const model = SimVlm.create(tinyConfig(), { seed: 1 });
  const weights = tensorsOf(await model.saveWeights());
  model.dispose();
  return weights;
}

describe('frozen parameters', () => {
  test('stay as they are to the bit, decay of weights or not, and all others are trained', async () => {
    const before = await initialWeights();
    const config = {
      freeze: ['patcher.*', 'encoder.*.mlp.hidden.weight', 'positions.text'],
      weightDecay: 0.5,
    };
    const after = tensorsOf((await run({ config })).weights);
    const frozen = [...after.keys()].filter(name => {
      const [old, now] = [before.get(name)!.values, after.get(name)!.values];
      return now.every((value, i) => value === old[i]);
    });
    expect(frozen.sort()).toEqual([
      'encoder.0.mlp.hidden.weight',
      'patcher.out.bias',
      'patcher.out.weight',
      'positions.text',
    ]);
  });

  test('change nothing of what the others get in the first step, where no norm is clipped', async () => {
    const config = { steps: 1, clip: 0, warmup: 1 };
    const all = tensorsOf((await run({ config })).weights);
    const part = tensorsOf((await run({ config: { ...config, freeze: ['embedding.*'] } })).weights);
    for (const [name, { values }] of all)
      if (name !== 'embedding.weight') expect(part.get(name)!.values, name).toEqual(values);
    expect(part.get('embedding.weight')!.values).not.toEqual(all.get('embedding.weight')!.values);
  });

  test('are no part of the gradient, nor of its norm', async () => {
    const model = SimVlm.create(tinyConfig(), { seed: 1 });
    const params = trainable(model.params, ['embedding.*', 'decoder.*']);
    const { gradients, loss } = lossAndGradients(prefixLmLearner(model), [await batches().next()], {
      params,
    });
    expect(gradients.names()).toEqual(
      model.params.names().filter(name => !/^(embedding|decoder)\./.test(name)),
    );
    const squares = [...gradients].flatMap(([, gradient]) => [...gradient.dataSync()].map(g => g * g));
    const norm = Math.sqrt(squares.reduce((sum, square) => sum + square));
    for (const tensor of [loss, ...gradients.values()]) tensor.dispose();
    model.dispose();
    const { metrics } = await run({ config: { steps: 1, freeze: ['embedding.*', 'decoder.*'] } });
    expect(metrics[0]!.gradientNorm / norm).toBeCloseTo(1, 5);
  });

  test('have no moments in a checkpoint, and a resumed run equals the uninterrupted one', async () => {
    const config = { freeze: ['patcher.*', '*.relative_bias'] };
    const storage = memoryStorage();
    const whole = await run({ config });
    const first = await run({ config, storage, stopAt: 5 });
    const files = storage.files!;
    const second = await run({ config, resume: files, seed: 99 });
    expect([...first.losses, ...second.losses]).toEqual(whole.losses);
    expect(second.weights).toEqual(whole.weights);
    const moments = [...tensorsOf(files.get('optimizer.safetensors')!).keys()];
    expect(moments.some(name => /patcher|relative_bias/.test(name))).toBe(false);
    expect(moments).toContain('m.embedding.weight');
    // What is thawed afterwards has no moments to go on with.
    expect((await errorOf(run({ resume: files }))).message).toContain(
      'optimizer state: "m.patcher.out.weight" is missing',
    );
  });
});

describe('patterns', () => {
  const params = ParameterTree.from(
    ['patcher.out.weight', 'encoder.0.self.out.weight', 'encoder.10.mlp.out.bias'].map(name => [name, 0]),
  );

  test.each([
    [['patcher.*'], ['encoder.0.self.out.weight', 'encoder.10.mlp.out.bias']],
    [['*.weight'], ['encoder.10.mlp.out.bias']],
    [['encoder.0.*', 'encoder.10.mlp.out.bias'], ['patcher.out.weight']],
    [['encoder.*.out.*'], ['patcher.out.weight']],
    [[], params.names()],
  ])('%j leaves %j', (freeze, left) => {
    expect(trainable(params, freeze).names()).toEqual(left);
  });

  test.each([
    ['encoder', 'no parameter matches "encoder"; names are such as patcher.out.weight'],
    ['encoder.1.*', 'no parameter matches "encoder.1.*"'],
    ['encoder.0.self?out.weight', 'no parameter matches'],
    ['encoder_0_*', 'no parameter matches'],
    ['*', '"freeze" leaves no parameter to train'],
  ])('%j is refused', (pattern, message) => {
    expect(() => trainable(params, [pattern])).toThrow(message);
  });

  test('a list of something else than names is refused before anything is done', async () => {
    const freeze = [1] as unknown as string[];
    expect((await errorOf(run({ config: { freeze } }))).message).toContain(
      '"freeze" must be a list of names',
    );
  });
});
