import {
  type Checkpoint,
  collect,
  FILES,
  jsonFile,
  memoryCheckpoint,
  readSafetensors,
  tensorFiles,
  tensorSources,
} from '@simvlm/checkpoint';
import { type JsonValue, parseJsonObject } from '@simvlm/core';
import { describe, expect, test } from 'vitest';
import { importedContents, openPretrained, pretrainedContents } from '../src/index';
import { configs, filesOf, folderOf, json, tensorsOf } from './small-folder';

type Json = Record<string, JsonValue>;

const imported = async (files: Map<string, Uint8Array>) =>
  memoryCheckpoint(await collect(importedContents(await openPretrained(folderOf(files)))));
const exported = async (checkpoint: Checkpoint, options = {}) =>
  collect(await pretrainedContents(checkpoint, options));
const parsed = (files: Map<string, Uint8Array>, name: string) =>
  parseJsonObject(files.get(name)!, name) as Json;

describe('a model that is given back as it came', () => {
  test.each(Object.entries(configs))('%s has its tensors, each number where it was', async (_, config) => {
    const files = await exported(await imported(filesOf(config)));
    const { tensors, metadata } = readSafetensors(files.get('model.safetensors')!);
    const given = tensorsOf(config);
    expect([...tensors.keys()].sort()).toEqual([...given.keys()].sort());
    for (const [name, { shape, values }] of given) expect(tensors.get(name), name).toEqual({ shape, values });
    // transformers refuses a file that does not say so.
    expect(metadata).toEqual({ format: 'pt' });
  });

  test('has its configuration, and the files it came with', async () => {
    const given = filesOf()
      .set('generation_config.json', json({ max_new_tokens: 7 }))
      .set('preprocessor_config.json', json({ image_processor_type: 'CLIPImageProcessor', size: 16 }));
    const files = await exported(await imported(given));
    expect(parsed(files, 'config.json')).toMatchObject({ ...configs.git, dtype: 'float32' });
    expect(parsed(files, 'generation_config.json')).toEqual({ max_new_tokens: 7 });
    expect(parsed(files, 'tokenizer_config.json')).toEqual({
      ...{ tokenizer_class: 'BertTokenizer', do_lower_case: true },
    });
    expect(parsed(files, 'preprocessor_config.json')).toMatchObject({
      ...{ image_processor_type: 'CLIPImageProcessor', size: { shortest_edge: 16 } },
      ...{ crop_size: { height: 16, width: 16 }, do_center_crop: true, resample: 3 },
    });
    expect(new TextDecoder().decode(files.get('README.md'))).toContain('license: mit');
    expect([...files.keys()]).not.toContain('manifest.json');
  });

  test('can be imported again, and is the same', async () => {
    const first = await imported(filesOf(configs.vitGpt2));
    const again = await imported(await exported(first));
    const bytes = async (checkpoint: Checkpoint, name: string) => {
      const file = await checkpoint.file(name);
      const into = new Uint8Array(file.size);
      await file.read(0, into);
      return into;
    };
    for (const name of [FILES.model, 'weights.safetensors', FILES.tokenizerJson])
      expect(await bytes(again, name), name).toEqual(await bytes(first, name));
  });

  test('as float16 takes half of the bytes', async () => {
    const files = await exported(await imported(filesOf()), { dtype: 'F16' });
    expect(parsed(files, 'config.json').dtype).toBe('float16');
    const { tensors } = readSafetensors(files.get('model.safetensors')!);
    const [name, given] = [...tensorsOf(configs.git)][3]!;
    for (const [i, value] of tensors.get(name)!.values.entries())
      expect(value).toBeCloseTo(given.values[i]!, 3);
  });
});

describe('a model that was fine-tuned', () => {
  /** Another configuration, and weights that it has more or others. */
  async function changed(
    change: object,
    weights: Readonly<Record<string, { shape: number[]; values: Float32Array }>>,
  ): Promise<Checkpoint> {
    const model = await openPretrained(folderOf());
    const contents = importedContents({
      ...model,
      config: { ...model.config, ...change } as typeof model.config,
    });
    const tensors = new Map([...model.weights.tensors, ...tensorSources(Object.entries(weights))]);
    return memoryCheckpoint(await collect(new Map([...contents, ...tensorFiles('weights', tensors)])));
  }

  test('with adapters has them merged', async () => {
    const query = 'decoder.1.self.query';
    const ones = (shape: [number, number], value: number) => ({
      shape,
      values: new Float32Array(shape[0] * shape[1]).fill(value),
    });
    const checkpoint = await changed(
      { lora: { rank: 2, targets: [query] } },
      { [`${query}.lora_a.weight`]: ones([12, 2], 0.5), [`${query}.lora_b.weight`]: ones([2, 12], 3) },
    );
    const { tensors } = readSafetensors((await exported(checkpoint)).get('model.safetensors')!);
    const name = 'git.encoder.layer.1.attention.self.query.weight';
    const before = tensorsOf(configs.git).get(name)!.values;
    expect([...tensors.keys()].filter(each => each.includes('lora'))).toEqual([]);
    for (const [i, value] of tensors.get(name)!.values.entries())
      expect(value).toBeCloseTo(before[i]! + 3, 5);
  });

  test('for larger pictures says so in both files', async () => {
    const positions = { shape: [17, 12], values: new Float32Array(17 * 12).fill(0.25) };
    const files = await exported(await changed({ imageSize: 32 }, { 'patcher.positions': positions }));
    expect(parsed(files, 'config.json').vision_config).toMatchObject({ image_size: 32, patch_size: 8 });
    expect(parsed(files, 'preprocessor_config.json')).toMatchObject({ size: { shortest_edge: 32 } });
    const { tensors } = readSafetensors(files.get('model.safetensors')!);
    expect(tensors.get('git.image_encoder.vision_model.embeddings.position_embedding.weight')).toEqual(
      positions,
    );
  });
});

test('a model that was not imported is refused: transformers has no class for it', async () => {
  const own = memoryCheckpoint(new Map([[FILES.model, jsonFile({})]]), 'runs/mine');
  await expect(pretrainedContents(own)).rejects.toMatchObject({
    code: 'CHECKPOINT_MISMATCH',
    message: expect.stringContaining("runs/mine is a model of SimVLM's own"),
  });
});

test('weights that are integers are refused: transformers cannot read them', async () => {
  const model = await openPretrained(folderOf());
  const contents = importedContents({ ...model, config: { ...model.config, weights: { bits: 8 } } });
  await expect(pretrainedContents(memoryCheckpoint(await collect(contents)))).rejects.toMatchObject({
    code: 'CHECKPOINT_MISMATCH',
    message: expect.stringContaining('8-bit integers'),
  });
});
