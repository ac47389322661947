/** What GIT and BLIP have of BERT: the embeddings, and blocks with the norm after. */
import type { SimVlmConfig } from '@simvlm/model';
import type { ConfigObject } from '../config/config-object';
import { linearOf, normOf, same, type TensorPlace } from './family';

/** The part of a configuration that is BERT's. @param heads where the file does not say */
export function bertConfig(
  config: ConfigObject,
  defaults: {
    readonly heads: number;
    readonly layers: number;
    readonly vocabulary: number;
    readonly positions: number;
  },
) {
  config.mustBe('position_embedding_type', 'absolute');
  return {
    width: config.integer('hidden_size', 768),
    layers: config.integer('num_hidden_layers', defaults.layers),
    heads: config.integer('num_attention_heads', defaults.heads),
    mlp: config.integer('intermediate_size', 3072),
    vocabSize: config.integer('vocab_size', defaults.vocabulary),
    maxTextLength: config.integer('max_position_embeddings', defaults.positions),
    block: {
      norm: 'after',
      epsilon: config.number('layer_norm_eps', 1e-12),
      activation: config.activation('hidden_act', 'gelu'),
    } as const,
    embeddingNorm: true,
  };
}

export function bertEmbeddings({ vocabSize, maxTextLength, width: D }: SimVlmConfig): TensorPlace[] {
  return [
    same('embedding.weight', 'word_embeddings.weight', [vocabSize, D]),
    same('positions.text', 'position_embeddings.weight', [maxTextLength, D]),
    ...normOf('embedding.norm', 'LayerNorm', D),
  ];
}

/** @param memory width of what the block looks at; none where it looks at nothing */
export function bertBlock({ width: D, mlp }: SimVlmConfig, memory?: number): TensorPlace[] {
  return [
    ...bertAttention('self', 'attention', D, D),
    ...(memory === undefined ? [] : bertAttention('cross', 'crossattention', D, memory)),
    ...linearOf('mlp.hidden', 'intermediate.dense', D, mlp),
    ...linearOf('mlp.out', 'output.dense', mlp, D),
    ...normOf('mlp.norm', 'output.LayerNorm', D),
  ];
}

function bertAttention(ours: string, theirs: string, D: number, memory: number): TensorPlace[] {
  return [
    ...linearOf(`${ours}.query`, `${theirs}.self.query`, D, D),
    ...linearOf(`${ours}.key`, `${theirs}.self.key`, memory, D),
    ...linearOf(`${ours}.value`, `${theirs}.self.value`, memory, D),
    ...linearOf(`${ours}.out`, `${theirs}.output.dense`, D, D),
    ...normOf(`${ours}.norm`, `${theirs}.output.LayerNorm`, D),
  ];
}
