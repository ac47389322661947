import { collect, FILES, memoryCheckpoint, openTensors, TENSORS, writeSafetensors } from '@simvlm/checkpoint';
import { checkpointModelConfig, checkWeights } from '@simvlm/model';
import { describe, expect, test } from 'vitest';
import { importedContents, openPretrained, sourceOf } from '../src/index';
import { configs, filesOf, folderOf, json, tensorsOf } from './small-folder';

const checkpointOf = async (files = filesOf()) =>
  memoryCheckpoint(await collect(importedContents(await openPretrained(folderOf(files)))));

describe('an imported model', () => {
  test.each(Object.entries(configs))(
    '%s has the weights that its configuration declares',
    async (_, config) => {
      const files = filesOf(config);
      const checkpoint = await checkpointOf(files);
      checkWeights(await checkpointModelConfig(checkpoint), await openTensors(checkpoint, TENSORS.weights));
    },
  );

  test('says where it came from', async () => {
    const model = await openPretrained(folderOf(), { repository: 'someone/git', revision: 'abc' });
    const checkpoint = memoryCheckpoint(await collect(importedContents(model)));
    expect(await sourceOf(checkpoint)).toEqual({
      ...{
        format: 1,
        family: 'GIT',
        modelType: 'git',
        repository: 'someone/git',
        revision: 'abc',
        license: 'mit',
      },
      files: {
        'config.json': JSON.stringify(configs.git),
        'tokenizer_config.json': JSON.stringify({ tokenizer_class: 'BertTokenizer', do_lower_case: true }),
      },
    });
    expect(checkpoint.names).not.toContain(FILES.run);
  });

  test.each<[string, object]>([
    ['not of format 1', { format: 2 }],
    ['says no family', { family: 7 }],
    ['says no modelType', { modelType: undefined }],
    ['a revision that is no text', { revision: {} }],
    ['a license that is not the name', { license: 'mit\nbase_model: another/one' }],
    ['a repository that is no OWNER/NAME', { repository: 'a/b\nlicense: mit' }],
    ['files that are not texts', { files: { 'config.json': {} } }],
    ['files that are not texts', { files: ['config.json'] }],
    ['files that are not texts', { files: undefined }],
  ])('whose source.json is changed is refused: %s', async (message, change) => {
    const files = await collect(importedContents(await openPretrained(folderOf())));
    const facts = JSON.parse(new TextDecoder().decode(files.get(FILES.source)));
    files.set(FILES.source, json({ ...facts, ...change }));
    await expect(sourceOf(memoryCheckpoint(files))).rejects.toMatchObject({
      code: 'CHECKPOINT_INVALID',
      message: expect.stringContaining(message),
    });
  });

  test('has its linear maps as ours are: [in, out]', async () => {
    const theirs = tensorsOf(configs.git).get('git.encoder.layer.1.intermediate.dense.weight')!;
    const { weights } = await openPretrained(folderOf());
    const ours = weights.tensors.get('decoder.1.mlp.hidden.weight')!;
    const values = await ours.read();
    expect(ours.shape).toEqual([12, 16]);
    expect(values[3 * 16 + 5]).toBe(theirs.values[5 * 12 + 3]);
  });

  test('of one matrix for queries, keys and values has three', async () => {
    const theirs = tensorsOf(configs.blip).get('vision_model.encoder.layers.0.self_attn.qkv.weight')!;
    const { weights } = await openPretrained(folderOf(filesOf(configs.blip)));
    const key = await weights.tensors.get('patcher.blocks.0.self.key.weight')!.read();
    expect(key[2 * 12 + 7]).toBe(theirs.values[(12 + 7) * 12 + 2]);
  });

  test('keeps float16 weights where that is asked for, and refuses what float16 cannot hold', async () => {
    const model = await openPretrained(folderOf());
    const half = await collect(importedContents(model, { dtype: 'F16' }));
    const whole = await collect(importedContents(model));
    const size = (files: Map<string, Uint8Array>) => files.get('weights.safetensors')!.length;
    expect(size(half)).toBeLessThan(0.7 * size(whole));
    const tensors = tensorsOf(configs.git);
    tensors.get('git.embeddings.LayerNorm.bias')!.values[3] = 1e5;
    const large = await openPretrained(folderOf(filesOf(configs.git, tensors)));
    await expect(collect(importedContents(large, { dtype: 'F16' }))).rejects.toThrow(
      '"embedding.norm.beta" holds 100000',
    );
  });

  test.each([
    ['a copy of a tied weight', { 'text_decoder.cls.predictions.decoder.weight': [11, 12] }],
    ['ids of positions', { 'text_decoder.bert.embeddings.position_ids': [1, 10] }],
  ])('passes over %s, and says so', async (_, more) => {
    const tensors = tensorsOf(configs.blip);
    for (const [name, shape] of Object.entries(more))
      tensors.set(name, { shape, values: new Float32Array(shape[0]! * shape[1]!) });
    const { skipped } = await openPretrained(folderOf(filesOf(configs.blip, tensors)));
    expect(skipped).toEqual(Object.keys(more));
  });

  test('takes a tied weight by its other name where the first is not there', async () => {
    const tensors = tensorsOf(configs.vitGpt2);
    const table = tensors.get('decoder.transformer.wte.weight')!;
    tensors.delete('decoder.transformer.wte.weight');
    tensors.set('decoder.lm_head.weight', table);
    const { weights } = await openPretrained(folderOf(filesOf(configs.vitGpt2, tensors)));
    expect(await weights.tensors.get('embedding.weight')!.read()).toEqual(table.values);
  });
});

describe('how a model writes', () => {
  const generationOf = async (generation: object, config = {}) => {
    const files = filesOf({ ...configs.git, max_position_embeddings: 64, ...config });
    return (await openPretrained(folderOf(files.set('generation_config.json', json(generation))))).config
      .generation;
  };
  test('what of it is not taken over is named', async () => {
    const ignored = async (generation: object) =>
      (await openPretrained(folderOf(filesOf().set('generation_config.json', json(generation))))).ignored;
    expect(await ignored({ repetition_penalty: 5, diversity_penalty: 0.5, do_sample: true })).toEqual([
      'do_sample true',
      'diversity_penalty 0.5',
    ]);
    const usual = { num_beam_groups: 1, do_sample: false, forced_eos_token_id: null };
    expect(await ignored(usual)).toEqual([]);
  });

  test('is in its generation_config.json', async () => {
    expect(await generationOf({})).toEqual({ maxLength: 20 });
    expect(await generationOf({ max_new_tokens: 30, num_beams: 3, early_stopping: true })).toEqual({
      ...{ maxLength: 30, sampler: { kind: 'beam', beams: 3, earlyStopping: true } },
    });
  });
  test('is in the config.json of older folders, where the first token counts', async () => {
    expect(await generationOf({}, { max_length: 16, num_beams: 4, length_penalty: 0.5 })).toEqual({
      ...{ maxLength: 15, sampler: { kind: 'beam', beams: 4, lengthPenalty: 0.5 } },
    });
  });
  test('has the rules for the next token', async () => {
    expect(
      await generationOf({ repetition_penalty: 1.5, no_repeat_ngram_size: 3, min_new_tokens: 4 }),
    ).toEqual({
      ...{ maxLength: 20, repetitionPenalty: 1.5, noRepeatNgram: 3, minLength: 4 },
    });
    const off = { repetition_penalty: 1, no_repeat_ngram_size: 0, min_length: 0 };
    expect(await generationOf({ max_length: 16, ...off })).toEqual({ maxLength: 15 });
    expect(await generationOf({ max_length: 16, min_length: 5 })).toEqual({ maxLength: 15, minLength: 4 });
    expect(await generationOf({ max_length: 4, min_length: 9 })).toEqual({ maxLength: 3, minLength: 3 });
  });
  test('is no more than there is room for', async () => {
    expect(await generationOf({}, { max_position_embeddings: 10 })).toEqual({ maxLength: 9 });
  });
});

test('a file of shards is one model', async () => {
  const tensors = [...tensorsOf(configs.git)];
  const files = filesOf();
  files.delete('model.safetensors');
  const parts = [tensors.slice(0, 9), tensors.slice(9)];
  const map: Record<string, string> = {};
  for (const [i, part] of parts.entries()) {
    const name = `model-0000${i + 1}-of-00002.safetensors`;
    files.set(name, writeSafetensors(part));
    for (const [tensor] of part) map[tensor] = name;
  }
  files.set('model.safetensors.index.json', json({ metadata: {}, weight_map: map }));
  const [whole, sharded] = [await checkpointOf(), await checkpointOf(files)];
  const bytes = async (checkpoint: typeof whole) => (await checkpoint.file('weights.safetensors')).size;
  expect(await bytes(sharded)).toBe(await bytes(whole));
});
