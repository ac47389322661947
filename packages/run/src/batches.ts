import { type BatchSource, Random, type Registry, type Tokenizer } from '@simvlm/core';
import { createBatchSource, prefetch } from '@simvlm/data';
import { imageTransform } from '@simvlm/image';
import type { SimVlmConfig } from '@simvlm/model';
import type { RunConfig } from './config/schema';
import type { RunData } from './data';

/** Captions have 2 to 20 tokens, 6 on average: batches of two widths are padded a third less. */
const LENGTH_GROUPS = 2;
/** Made while the model computes. */
const BATCHES_AHEAD = 2;

/** The batches of a run: pairs and documents in the configured numbers, prefix and target by the configured objective. */
export function runBatches(
  config: RunConfig,
  data: RunData,
  tokenizer: Tokenizer,
  model: SimVlmConfig,
  registry: Registry,
): BatchSource {
  const { kind, ...options } = config.objective;
  const documents = data.documents.length > 0 ? config.batch.textOnly : 0;
  return prefetch(
    createBatchSource({
      imageText: {
        dataset: data.train,
        batchSize: config.batch.imageText,
        lengthGroups: LENGTH_GROUPS,
        ...(data.weight && { weight: data.weight }),
      },
      textOnly: { dataset: data.documents, batchSize: documents },
      tokenizer,
      maxTextLength: model.maxTextLength,
      objective: registry.get('objective', kind)(options, {
        tokenizer,
        maxTextLength: model.maxTextLength,
      }),
      transform: imageTransform(config.augment, model.imageSize),
      random: Random.fromSeed(config.seed).fork('data'),
    }),
    BATCHES_AHEAD,
  );
}
