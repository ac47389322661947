import { readSafetensors, type SafeTensor, writeSafetensors } from '@simvlm/checkpoint';
import { CheckpointError } from '@simvlm/core';
import { beforeAll, describe, expect, test } from 'vitest';
import { SimVlm } from '../src/index';
import { tinyConfig, useBackend } from './tiny';

beforeAll(() => useBackend('cpu'));

describe('weights of a model', () => {
  const numbers = (model: SimVlm) => model.params.values().map(variable => [...variable.dataSync()]);

  test('saved weights make another model the same', async () => {
    const [a, b] = [1, 2].map(seed => SimVlm.create(tinyConfig(), { seed })) as [SimVlm, SimVlm];
    expect(numbers(b)).not.toEqual(numbers(a));
    b.loadWeights(await a.saveWeights());
    expect(numbers(b)).toEqual(numbers(a));
    expect(readSafetensors(await a.saveWeights({ format: 'simvlm' })).metadata).toEqual({ format: 'simvlm' });
    a.dispose();
    b.dispose();
  });

  test.each<[string, (tensors: Map<string, SafeTensor>) => void, RegExp]>([
    ['one is missing', tensors => tensors.delete('decoder.norm.beta'), /"decoder.norm.beta" is missing/],
    [
      'one is unknown',
      tensors => tensors.set('decoder.9.x', { shape: [1], values: Float32Array.of(1) }),
      /no "decoder.9.x"/,
    ],
    [
      'one has another shape',
      tensors => tensors.set('decoder.norm.beta', { shape: [4, 4], values: new Float32Array(16) }),
      /"decoder.norm.beta" is \[4,4\], this model needs \[16\]/,
    ],
  ])('all or nothing: where %s, the model stays as it was', async (_, spoil, message) => {
    const [source, model] = [1, 2].map(seed => SimVlm.create(tinyConfig(), { seed })) as [SimVlm, SimVlm];
    const before = numbers(model);
    const tensors = new Map(readSafetensors(await source.saveWeights()).tensors);
    spoil(tensors);
    let error: unknown;
    try {
      model.loadWeights(writeSafetensors(tensors));
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(CheckpointError);
    expect(error).toMatchObject({ code: 'CHECKPOINT_MISMATCH', message: expect.stringMatching(message) });
    expect(numbers(model)).toEqual(before);
    source.dispose();
    model.dispose();
  });

  test('a model that starts with zeros takes weights as a drawn one does', async () => {
    const source = SimVlm.create(tinyConfig(), { seed: 1 });
    const model = SimVlm.create(tinyConfig(), { init: 'zeros' });
    expect(model.params.values().every(variable => variable.dataSync().every(value => value === 0))).toBe(
      true,
    );
    model.loadWeights(await source.saveWeights());
    expect(numbers(model)).toEqual(numbers(source));
    source.dispose();
    model.dispose();
  });

  test('weights of half precision are taken', async () => {
    const model = SimVlm.create(tinyConfig(), { seed: 1 });
    const exact = await model.saveWeights();
    const { tensors } = readSafetensors(exact);
    model.loadWeights(inBfloat16(tensors));
    for (const [name, variable] of model.params) {
      const before = tensors.get(name)!.values;
      const close = variable
        .dataSync()
        .every((value, i) => Math.abs(value - before[i]!) <= Math.abs(before[i]!) / 128);
      expect(close, name).toBe(true);
    }
    expect(await model.saveWeights()).not.toEqual(exact);
    model.dispose();
  });
});

/** A safetensors file of the upper halves of the numbers. */
function inBfloat16(tensors: ReadonlyMap<string, SafeTensor>): Uint8Array {
  const header: Record<string, unknown> = {};
  const halves: number[] = [];
  for (const [name, { shape, values }] of tensors) {
    const begin = 2 * halves.length;
    const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
    for (const word of bits) halves.push(word >>> 16);
    header[name] = { dtype: 'BF16', shape, data_offsets: [begin, 2 * halves.length] };
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const file = new Uint8Array(8 + json.length + 2 * halves.length);
  const view = new DataView(file.buffer);
  view.setBigUint64(0, BigInt(json.length), true);
  file.set(json, 8);
  for (const [i, half] of halves.entries()) view.setUint16(8 + json.length + 2 * i, half, true);
  return file;
}
