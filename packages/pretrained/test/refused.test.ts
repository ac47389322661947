import { collect, writeSafetensors } from '@simvlm/checkpoint';
import { isSimVlmError, type JsonValue } from '@simvlm/core';
import { describe, expect, test } from 'vitest';
import { importedContents, openPretrained } from '../src/index';
import { configs, filesOf, folderOf, json, tensorsOf } from './small-folder';

type Files = Map<string, Uint8Array>;

/** The error that an import ends with. */
async function refusal(files: Files): Promise<{ code: string; message: string }> {
  try {
    await collect(importedContents(await openPretrained(folderOf(files))));
  } catch (error) {
    if (!isSimVlmError(error)) throw error;
    expect(error.message).not.toContain('\n');
    return error;
  }
  throw new Error('it was imported');
}

const withConfig = (config: Record<string, JsonValue>): Files => filesOf().set('config.json', json(config));
const git = configs.git as Record<string, JsonValue>;
const { encoder, decoder } = configs.vitGpt2;

describe('a model that is not known', () => {
  test.each<[string, Files, RegExp]>([
    [
      'of another kind',
      withConfig({ model_type: 'llava' }),
      /config\.json: its model_type is "llava"; models that can be imported: GIT, BLIP, BLIP VQA, ViT-GPT2/,
    ],
    [
      'a BLIP that only compares',
      withConfig({ model_type: 'blip', architectures: ['BlipForImageTextRetrieval'] }),
      /its architecture is BlipForImageTextRetrieval/,
    ],
    [
      'for videos',
      withConfig({ ...git, num_image_with_embedding: 6 }),
      /num_image_with_embedding is set: a GIT for videos/,
    ],
    [
      'with an activation of its own',
      withConfig({ ...git, hidden_act: 'silu' }),
      /config\.json: hidden_act is "silu"; activations/,
    ],
    [
      'with such an activation inside',
      withConfig({ ...git, vision_config: { hidden_act: 'relu' } }),
      /config\.json: vision_config: hidden_act is "relu"/,
    ],
    [
      'of another decoder',
      withConfig({ ...configs.vitGpt2, decoder: { ...decoder, model_type: 'bert' } }),
      /config\.json: decoder: model_type is "bert"/,
    ],
    [
      'of another encoder',
      withConfig({ ...configs.vitGpt2, encoder: { ...encoder, model_type: 'swin' } }),
      /config\.json: encoder: model_type is "swin"/,
    ],
    [
      'whose heads do not divide its width',
      withConfig({ ...git, num_attention_heads: 5 }),
      /config\.json makes no model that can be imported: .*5 heads do not divide width 12/,
    ],
    [
      'with fewer words than its tokenizer',
      withConfig({ ...git, vocab_size: 8 }),
      /the tokenizer has 9 pieces, the model only 8/,
    ],
    [
      'that sees pictures in another way',
      filesOf().set('preprocessor_config.json', json({ image_processor_type: 'SiglipImageProcessor' })),
      /preprocessor_config\.json: its image processor is "SiglipImageProcessor"/,
    ],
    [
      'that resizes in another way',
      filesOf().set('preprocessor_config.json', json({ resample: 1 })),
      /preprocessor_config\.json: resample is 1; only 2 \(bilinear\) and 3 \(bicubic\)/,
    ],
    [
      'that is fed larger pictures than it knows',
      filesOf().set('preprocessor_config.json', json({ size: { shortest_edge: 32 }, crop_size: 16 })),
      /size is 32 pixels, and the model is for 16/,
    ],
    [
      'whose pictures are not square',
      filesOf().set('preprocessor_config.json', json({ size: { height: 16, width: 8 } })),
      /size is 8 × 16 pixels; only squares/,
    ],
  ])('%s', async (_, files, message) => {
    const { code, message: said } = await refusal(files);
    expect(said).toMatch(message);
    expect(code).toBe('CHECKPOINT_MISMATCH');
  });
});

describe('files that are damaged', () => {
  test.each<[string, () => Files, RegExp]>([
    [
      'no folder of a model',
      () => new Map([['notes.txt', json(1)]]),
      /small is no folder of a model: it has no config\.json; it holds notes\.txt/,
    ],
    [
      'a config.json that is cut off',
      () => filesOf().set('config.json', new TextEncoder().encode('{"model_type":')),
      /small: config\.json: not JSON/,
    ],
    [
      'a width that is no number',
      () => withConfig({ ...git, hidden_size: '12' }),
      /config\.json: hidden_size must be a whole number .* and is "12"/,
    ],
    [
      'a billion layers',
      () => withConfig({ ...git, vision_config: { num_hidden_layers: 1e9 } }),
      /num_hidden_layers must be a whole number from 1 to 1000/,
    ],
    [
      'an empty image processor',
      () => filesOf().set('preprocessor_config.json', new Uint8Array(0)),
      /small: preprocessor_config\.json: /,
    ],
    [
      'a checkpoint of SimVLM',
      () => new Map(['manifest.json', 'model.json'].map(name => [name, json({})])),
      /small is a checkpoint of SimVLM already/,
    ],
    ['no tokenizer', () => without('vocab.txt'), /there is no tokenizer/],
    [
      'no weights',
      () => without('model.safetensors'),
      /small has no weights: no model\.safetensors and no pytorch_model\.bin/,
    ],
    [
      'weights that are cut off',
      () => {
        const files = filesOf();
        return files.set('model.safetensors', files.get('model.safetensors')!.slice(0, -10));
      },
      /small: model\.safetensors: .*it is cut off in "output\.bias"/,
    ],
    [
      'a number that is none',
      () => {
        const tensors = tensorsOf(configs.git);
        tensors.get('git.encoder.layer.0.output.dense.weight')!.values[17] = Number.NaN;
        return filesOf(configs.git, tensors);
      },
      /small: model\.safetensors: "git\.encoder\.layer\.0\.output\.dense\.weight" holds NaN at place 17/,
    ],
    [
      'a weight of integers without their scales',
      () => {
        const tensors = tensorsOf(configs.git);
        const { shape, values } = tensors.get('output.weight')!;
        tensors.set('output.weight', { shape, values: values.map(Math.round), dtype: 'I8' });
        return filesOf().set('model.safetensors', writeSafetensors(tensors));
      },
      /small: model\.safetensors: "output\.weight" holds integers of 8 bits/,
    ],
  ])('%s', async (_, files, message) => {
    expect((await refusal(files())).message).toMatch(message);
  });

  function without(name: string): Files {
    const files = filesOf();
    files.delete(name);
    return files;
  }
});

test('tensors that are missing, left over or of another shape are listed, all of them', async () => {
  const tensors = tensorsOf(configs.git);
  tensors.delete('git.embeddings.LayerNorm.weight');
  tensors.delete('git.encoder.layer.1.output.dense.bias');
  tensors.set('output.bias', { shape: [3, 3], values: new Float32Array(9) });
  tensors.set('git.img_temperal_embedding.0', { shape: [1], values: new Float32Array(1) });
  const files = filesOf().set('model.safetensors', writeSafetensors(tensors));
  const { code, message } = await refusal(files);
  expect(code).toBe('CHECKPOINT_MISMATCH');
  expect(message).toBe(
    'small: its tensors are not those of the GIT that its config.json describes; ' +
      'missing: git.embeddings.LayerNorm.weight, git.encoder.layer.1.output.dense.bias; ' +
      'of another shape: output.bias in model.safetensors is [3,3] instead of [9]; ' +
      'left over: git.img_temperal_embedding.0 in model.safetensors',
  );
});
