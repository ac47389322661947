import { memoryCheckpoint, type SafeTensor, writeSafetensors } from '@simvlm/checkpoint';
import { type JsonValue, Random } from '@simvlm/core';
import { ConfigObject } from '../src/config/config-object';
import { familyOf } from '../src/families';

type Json = Record<string, JsonValue>;

const vision = {
  image_size: 16,
  patch_size: 8,
  hidden_size: 12,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  intermediate_size: 20,
};
const bert = {
  hidden_size: 12,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 16,
  vocab_size: 9,
  max_position_embeddings: 10,
};

/** Configurations of small models, as transformers writes them. */
export const configs = {
  git: {
    ...{ model_type: 'git', architectures: ['GitForCausalLM'], vision_config: vision },
    ...{ ...bert, bos_token_id: 2, eos_token_id: 3, num_image_with_embedding: null },
  },
  blip: {
    ...{ model_type: 'blip', architectures: ['BlipForConditionalGeneration'], vision_config: vision },
    text_config: { ...bert, vocab_size: 11, bos_token_id: 9, sep_token_id: 3 },
  },
  blipVqa: {
    ...{ model_type: 'blip', architectures: ['BlipForQuestionAnswering'], vision_config: vision },
    text_config: { ...bert, vocab_size: 11, bos_token_id: 9, sep_token_id: 3 },
  },
  vitGpt2: {
    ...{ model_type: 'vision-encoder-decoder', decoder_start_token_id: 3, eos_token_id: 3 },
    encoder: { ...vision, model_type: 'vit' },
    decoder: { model_type: 'gpt2', n_embd: 16, n_layer: 2, n_head: 2, n_positions: 10, vocab_size: 9 },
  },
} as const satisfies Record<string, Json>;

const words = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'a', 'red', 'square', '##s', '.'];
const text = (value: string) => new TextEncoder().encode(value);
export const json = (value: unknown) => text(JSON.stringify(value));

/** Random tensors that such a model has, by its own names. */
export function tensorsOf(config: Json): Map<string, SafeTensor> {
  const object = new ConfigObject('config.json', config);
  const family = familyOf(object);
  const described = family.describe(object, { vocabSize: words.length, special: { bos: 2, eos: 3 } });
  const random = Random.fromSeed(1);
  const tensors = new Map<string, SafeTensor>();
  for (const { theirs, theirShape } of family.tensors(described)) {
    const count = theirShape.reduce((product, extent) => product * extent, 1);
    if (!tensors.has(theirs))
      tensors.set(theirs, {
        shape: theirShape,
        values: Float32Array.from({ length: count }, () => random.uniform() - 0.5),
      });
  }
  return tensors;
}

/** A folder as it lies on the hub. */
export function filesOf(config: Json = configs.git, tensors = tensorsOf(config)): Map<string, Uint8Array> {
  return new Map([
    ['config.json', json(config)],
    ['vocab.txt', text(`${words.join('\n')}\n`)],
    ['tokenizer_config.json', json({ tokenizer_class: 'BertTokenizer', do_lower_case: true })],
    ['model.safetensors', writeSafetensors(tensors)],
    ['README.md', text('---\nlanguage: en\nlicense: mit\n---\n# A small model\n')],
  ]);
}

export function folderOf(files = filesOf()) {
  return memoryCheckpoint(files, 'small');
}
