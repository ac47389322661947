import { memoryStorage, readSafetensors } from '@simvlm/checkpoint';
import { SimVlm } from '@simvlm/model';
import { beforeAll, describe, expect, test } from 'vitest';
import { batches, errorOf, run, tinyConfig, useBackend } from './tiny';

beforeAll(() => useBackend('wasm'));

const model = { lora: { rank: 2 } };
const config = { learningRate: 0.03, weightDecay: 0.1 };
const tensorsOf = (bytes: Uint8Array) => readSafetensors(bytes).tensors;
const isAdapter = (name: string) => /\.lora_[ab]\.weight$/.test(name);

describe('training adapters', () => {
  test('leaves every other weight as it is, to the bit, and changes every adapter', async () => {
    const fresh = SimVlm.create(tinyConfig(model), { seed: 1 });
    const before = tensorsOf(await fresh.saveWeights());
    fresh.dispose();
    const { weights, losses } = await run({ model, config });
    const after = tensorsOf(weights);
    expect([...after.keys()].some(isAdapter)).toBe(true);
    for (const [name, { values }] of before) {
      if (isAdapter(name)) expect(after.get(name)!.values, name).not.toEqual(values);
      else expect(after.get(name)!.values, name).toEqual(values);
    }
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
  });

  test('begins with the loss of the model without them', async () => {
    const [with_, without] = [
      await run({ model, config: { steps: 1 } }),
      await run({ config: { steps: 1 } }),
    ];
    expect(with_.losses).toEqual(without.losses);
    expect(with_.metrics[0]!.gradientNorm).toBeLessThan(without.metrics[0]!.gradientNorm);
  });

  test('keeps moments of adapters alone, and is resumed exactly', async () => {
    const options = {
      model,
      learner: { dropout: 0.1, checkpointBlocks: true },
      config: { ...config, emaDecay: 0.8 },
    };
    const data = { documents: true, ahead: 2 };
    const storage = memoryStorage();
    const whole = await run({ ...options, batches: batches(data) });
    const first = await run({ ...options, batches: batches(data), storage, stopAt: 5 });
    const files = storage.files!;
    const moments = [...tensorsOf(files.get('optimizer.safetensors')!).keys()];
    expect(moments.length).toBeGreaterThan(0);
    expect(moments.every(isAdapter)).toBe(true);
    const second = await run({ ...options, batches: batches(data), resume: files, seed: 99 });
    expect([...first.losses, ...second.losses]).toEqual(whole.losses);
    expect(second.weights).toEqual(whole.weights);
    // A checkpoint of a model without adapters is of another model.
    expect((await errorOf(run({ resume: files }))).message).toContain('lora differ');
  });

  test('knows more frozen ones among them', async () => {
    const frozen = await run({ model, config: { ...config, freeze: ['encoder.*'] } });
    const fresh = SimVlm.create(tinyConfig(model), { seed: 1 });
    const before = tensorsOf(await fresh.saveWeights());
    fresh.dispose();
    const after = tensorsOf(frozen.weights);
    const changed = [...before.keys()].filter(
      name => after.get(name)!.values.join() !== before.get(name)!.values.join(),
    );
    expect(changed.length).toBe(8);
    expect(changed.every(name => isAdapter(name) && name.startsWith('decoder.0.'))).toBe(true);
    const error = await errorOf(run({ model, config: { freeze: ['patcher.*'] } }));
    expect(error.message).toContain('no parameter matches "patcher.*"');
  });
});
