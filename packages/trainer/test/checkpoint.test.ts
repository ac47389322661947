import { byteSource } from '@simvlm/bytes';
import { type Checkpoint, memoryCheckpoint, memoryStorage } from '@simvlm/checkpoint';
import { CheckpointError } from '@simvlm/core';
import { checkpointModelConfig, openSimVlm } from '@simvlm/model';
import { beforeAll, describe, expect, test } from 'vitest';
import { checkpointTrainerState } from '../src/index';
import { errorOf, run, tinyConfig, useBackend } from './tiny';

describe('a checkpoint that does not fit', () => {
  let files: Map<string, Uint8Array>;
  beforeAll(async () => {
    await useBackend('wasm');
    const storage = memoryStorage();
    await run({ storage, stopAt: 1 });
    files = new Map(storage.files);
  });

  test('of another model configuration: the keys that differ are named', async () => {
    const error = await errorOf(run({ resume: files, model: { width: 32, layers: 2 } }));
    expect(error).toBeInstanceOf(CheckpointError);
    expect(error.code).toBe('CHECKPOINT_MISMATCH');
    expect(error.message).toBe(
      'the checkpoint is of another model: width, layers differ; use its own config or start anew',
    );
    const nested = await errorOf(run({ resume: files, model: { tokens: { pad: 0, bos: 3, eos: 2 } } }));
    expect(nested.message).toMatch(/model: tokens differ/);
  });

  test('the order of keys means nothing', async () => {
    await run({
      resume: files,
      model: { tokens: { eos: 3, bos: 2, pad: 0 }, patcher: { patchSize: 4, kind: 'linear' } },
    });
  });

  test.each(['weights.safetensors', 'optimizer.safetensors', 'trainer.json'])('without %s', async name => {
    const rest = new Map(files);
    rest.delete(name);
    const error = await errorOf(run({ resume: rest }));
    expect(error).toBeInstanceOf(CheckpointError);
    expect(error.message).toContain(`the checkpoint has no ${name}; it holds `);
  });

  test.each<[string, string, RegExp]>([
    ['trainer.json', '{"format": 3', /trainer.json: not JSON/],
    ['trainer.json', 'null', /trainer.json: must be a JSON object/],
    ['trainer.json', '{"format": 1}', /trainer.json has format 1; this version goes on from format 3/],
    ['trainer.json', '{"format": 3, "step": "3"}', /trainer.json has "step" "3"; it must be an integer ≥ 0/],
    ['weights.safetensors', 'nonsense', /not a usable safetensors file/],
    ['optimizer.safetensors', '', /not a usable safetensors file/],
  ])('with a %s of %j', async (name, text, message) => {
    const error = await errorOf(run({ resume: new Map([...files, [name, new TextEncoder().encode(text)]]) }));
    expect(error).toBeInstanceOf(CheckpointError);
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('\n');
  });

  test.each([undefined, { step: 3 }, []])(
    'with the data at %j, which is no list of positions',
    async data => {
      const state = JSON.parse(new TextDecoder().decode(files.get('trainer.json')));
      const changed = new TextEncoder().encode(JSON.stringify({ ...state, data }));
      const error = await errorOf(run({ resume: new Map([...files, ['trainer.json', changed]]) }));
      expect(error).toBeInstanceOf(CheckpointError);
      expect(error.message).toMatch(/^trainer.json has no "data", a list of the positions of all processes/);
    },
  );

  test('it says what it is, and its weights can be used without training', async () => {
    const checkpoint = memoryCheckpoint(files);
    expect(await checkpointModelConfig(checkpoint)).toEqual(tinyConfig());
    expect(await checkpointTrainerState(checkpoint)).toMatchObject({
      ...{ format: 3, step: 1, totalSteps: 12, rows: 3 },
      learner: { kind: 'prefix-lm', identity: tinyConfig(), options: { dropout: 0 } },
    });
    (await openSimVlm(checkpoint)).dispose();
    const nothing = await errorOf(openSimVlm(memoryCheckpoint(new Map())));
    expect(nothing.message).toMatch(/no model.json; it holds nothing/);
  });

  test('whoever uses its weights reads no byte of the optimiser', async () => {
    const read = new Map<string, number>();
    const whole = memoryCheckpoint(files);
    const counting: Checkpoint = {
      ...whole,
      async file(name) {
        const { size, ...source } = await whole.file(name);
        return byteSource(size, async (begin, into) => {
          read.set(name, (read.get(name) ?? 0) + into.length);
          await source.read(begin, into);
        });
      },
    };
    (await openSimVlm(counting)).dispose();
    expect(files.get('optimizer.safetensors')!.length).toBeGreaterThan(0);
    expect(read).toEqual(
      new Map(['model.json', 'weights.safetensors'].map(name => [name, files.get(name)!.length])),
    );
  });

  test.each([
    ['', /model.json: not JSON/],
    ['[', /model.json: not JSON/],
    ['7', /model.json: must be a JSON object/],
  ])('a model.json of %j makes no model', async (text, message) => {
    const spoilt = new Map([...files, ['model.json', new TextEncoder().encode(text)]]);
    const error = await errorOf(openSimVlm(memoryCheckpoint(spoilt)));
    expect(error).toBeInstanceOf(CheckpointError);
    expect(error.message).toMatch(message);
  });

  test('extra files travel with it', async () => {
    const storage = memoryStorage();
    const tokenizer = new Uint8Array([1, 2, 3]);
    await run({ storage, stopAt: 1, extras: new Map([['tokenizer.model', tokenizer]]) });
    expect(storage.files!.get('tokenizer.model')).toEqual(tokenizer);
  });
});
