import type { PrefixLmBatch } from '@simvlm/core';
import type { NamedTensors } from '@simvlm/ops';
import type { SimVlmConfig } from '../config';
import type { ModelCore } from '../network/contract';
import type { Numbers } from './chooser';
import type { Plan, Row } from './request';
import { createTokenRules, type TokenRules } from './token-rules';

/** Rows that are decoded together: all with an image or all without. */
export interface Decoding {
  readonly model: ModelCore;
  readonly rows: readonly Row[];
  readonly batch: PrefixLmBatch;
  readonly plan: Plan;
  readonly rules: TokenRules | undefined;
}

/** The rows of a plan as they can be decoded together. */
export function decodings(model: ModelCore, plan: Plan): Decoding[] {
  const { config } = model;
  const rules = createTokenRules(plan, config.tokens.eos);
  return [plan.rows.filter(row => row.image), plan.rows.filter(row => !row.image)]
    .filter(rows => rows.length > 0)
    .map(rows => ({ model, rows, batch: prefixBatch(config, rows), plan, rules }));
}

/** What the device computed, on the host. */
export async function readNumbers(tensors: NamedTensors): Promise<Numbers> {
  const names = Object.keys(tensors);
  const numbers = await Promise.all(names.map(name => tensors[name]!.data()));
  return Object.fromEntries(names.map((name, i) => [name, numbers[i] as Float32Array | Int32Array]));
}

/** The prefixes as a batch: each prompt is followed by one place that the model is to fill. */
function prefixBatch(
  { imageSize: side, tokens: { pad } }: SimVlmConfig,
  rows: readonly Row[],
): PrefixLmBatch {
  const size = rows.length;
  const lengths = Int32Array.from(rows, ({ prompt }) => prompt.length);
  const length = Math.max(...lengths) + 1;
  const tokens = new Int32Array(size * length).fill(pad);
  const hasImages = rows[0]!.image !== undefined;
  const pixels = new Uint8Array(hasImages ? size * side * side * 3 : 0);
  for (const [b, { prompt, image }] of rows.entries()) {
    tokens.set(prompt, b * length);
    if (image) pixels.set(image, b * image.length);
  }
  return {
    size,
    length,
    tokens,
    prefixLengths: lengths,
    textLengths: lengths.map(n => n + 1),
    ...(hasImages && { images: { side, pixels } }),
    ids: rows.map(({ index }) => `${index}`),
  };
}
