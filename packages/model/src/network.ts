/** The forward pass of SimVLM (Wang et al., ICLR 2022), and of the models that differ from it in settings (see `SimVlmConfig`). */
import type { ParameterScope, Registry } from '@simvlm/core';
import type * as tf from '@tensorflow/tfjs-core';
import type { SimVlmConfig } from './config';
import { withAdapters } from './finetune/lora';
import type { Network } from './network/contract';
import { decoderOnly } from './network/decoder-only';
import { embeddings } from './network/embeddings';
import { encoderDecoder } from './network/encoder-decoder';
import { outputHead } from './network/head';
import { withIntegers } from './weights/integers';

/**
 * Declares every parameter of the model in `scope` and gives its forward passes.
 *
 * ```
 * bytes  → patcher → image tokens ┐                     ┌ encoder → memory → decoder ┐
 * tokens → table + positions      ┴ encoder-decoder:    ┤                            ├ → hidden → head → logits
 *                                   decoder-only:       └ one stack                  ┘
 * ```
 */
export function buildNetwork(
  config: SimVlmConfig,
  plain: ParameterScope<tf.Tensor>,
  registry: Registry,
): Network {
  const scope = withAdapters(withIntegers(plain, config.weights), config.lora);
  const embed = embeddings(scope, config, registry);
  const head = outputHead(scope, config, embed.table);
  const transformer = config.architecture === 'encoder-decoder' ? encoderDecoder : decoderOnly;
  const { imageTokens, grid } = embed;
  return { imageTokens, grid, logits: head.logits, ...transformer(scope, config, embed, head) };
}
