import { ConfigError, initialValues, PluginError, Random } from '@simvlm/core';
import { beforeAll, describe, expect, test } from 'vitest';
import { checkModelConfig, modelParameters, presets, SimVlm, type SimVlmConfig } from '../src/index';
import { architectures, tinyConfig, useBackend } from './tiny';

beforeAll(() => useBackend('cpu'));

function refusal(config: unknown): ConfigError {
  try {
    checkModelConfig(config as SimVlmConfig);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message).not.toContain('\n');
    return error as ConfigError;
  }
  throw new Error('it was accepted');
}

describe('a configuration that makes no model is refused in one line that names the key', () => {
  const tokens = { pad: 0, bos: 2, eos: 3 };

  test.each<[object, RegExp]>([
    [{ depth: 3 }, /unknown key "depth"; allowed: architecture, imageSize/],
    [
      { architecture: 'encoder' },
      /"architecture" must be one of encoder-decoder, decoder-only, got "encoder"/,
    ],
    [{ imageSize: '224' }, /"imageSize" must be an integer from 1 to 8192, got "224"/],
    [{ width: 16.5 }, /"width" must be an integer/],
    [{ layers: 0 }, /"layers" must be an integer/],
    [{ heads: 3 }, /3 heads do not divide width 16/],
    [{ mlp: null }, /"mlp" must be an integer/],
    [{ vocabSize: 4 }, /"vocabSize" must be an integer from 5/],
    [{ maxTextLength: 1 }, /"maxTextLength" must be an integer from 2/],
    [{ tokens: [0, 2, 3] }, /"tokens" must be an object/],
    [{ tokens: { ...tokens, unk: 1 } }, /tokens: unknown key "unk"/],
    [{ tokens: { ...tokens, eos: 20 } }, /tokens: "eos" must be an integer from 0 to 19, got 20/],
    [{ tokens: { pad: 0, bos: 2 } }, /tokens: "eos" is missing/],
    [{ tokens: { ...tokens, eos: 0 } }, /tokens pad and eos must be different ids/],
    [{ patcher: 'conv' }, /"patcher" must be an object/],
    [{ patcher: { patchSize: 4 } }, /patcher needs a "kind"/],
  ])('%j', (change, message) => {
    expect(refusal({ ...tinyConfig(), ...change }).message).toMatch(message);
  });

  test.each(Object.keys(tinyConfig()))('without "%s"', key => {
    const { [key]: _, ...rest } = tinyConfig() as unknown as Record<string, unknown>;
    expect(refusal(rest).message).toBe(`model config: "${key}" is missing`);
  });

  test('what is no object at all', () => {
    for (const config of [null, undefined, 'base', []])
      expect(refusal(config).message).toMatch(/must be an object/);
  });

  test('an unknown patcher, with those there are', () => {
    const create = () => SimVlm.create(tinyConfig({ patcher: { kind: 'fourier' } }));
    expect(create).toThrow(PluginError);
    expect(create).toThrow(/no patcher "fourier"; registered: conv, linear/);
  });

  test('options that the patcher does not know', () => {
    const create = () => SimVlm.create(tinyConfig({ patcher: { kind: 'linear', patchSize: 4, stride: 2 } }));
    expect(create).toThrow(ConfigError);
    expect(create).toThrow(/linear patcher: unknown key "stride"/);
  });
});

test('a checked configuration is a copy', () => {
  const config = { ...tinyConfig(), tokens: { pad: 0, bos: 2, eos: 3 } };
  const checked = checkModelConfig(config);
  config.tokens.eos = 9;
  expect(checked).toEqual(tinyConfig());
});

test.each(Object.keys(presets))('preset %s is a good configuration', name => {
  const config = { ...presets[name]!, vocabSize: 32_000, tokens: { pad: 0, bos: 2, eos: 3 } };
  expect(modelParameters(config).size).toBeGreaterThan(90);
});

describe.each(architectures)('%s', architecture => {
  const weights = (seed: number, change: Partial<SimVlmConfig> = {}) => {
    const model = SimVlm.create(tinyConfig({ architecture, ...change }), { seed });
    const values = new Map([...model.params].map(([name, variable]) => [name, variable.dataSync().join()]));
    model.dispose();
    return values;
  };

  test('the same seed makes the same weights, another one others', () => {
    expect(weights(1)).toEqual(weights(1));
    const [one, two] = [weights(1), weights(2)];
    for (const [name, values] of one)
      if (name.endsWith('.weight')) expect(two.get(name), name).not.toBe(values);
  });

  test('more layers change no weight of those that were there', () => {
    const [two, three] = [weights(1), weights(1, { layers: 3 })];
    expect(three.size).toBeGreaterThan(two.size);
    for (const [name, values] of two) expect(three.get(name), name).toBe(values);
  });

  test('no two weight matrices start alike', () => {
    const matrices = [...weights(1)].filter(([name]) => name.endsWith('.weight')).map(([, values]) => values);
    expect(new Set(matrices).size).toBe(matrices.length);
  });

  test('the parameters that a configuration declares are those of the model', () => {
    const config = tinyConfig({ architecture });
    const declared = modelParameters(config);
    expect(declared.names()).toEqual([...weights(4).keys()]);
    const random = Random.fromSeed(4).fork('weights');
    const values = weights(4);
    for (const [name, spec] of declared)
      expect(initialValues(name, spec, random).join(), name).toBe(values.get(name));
  });
});
