import { type PrefixLmBatch, ShapeError } from '@simvlm/core';
import type { NamedTensors } from '@simvlm/ops';
import type { ModelCore } from '../network';
import { createChooser } from './chooser';
import type { SamplerOptions } from './sampler';
import { startSession } from './session';

export interface GenerateRequest {
  /** `float32[B, S, S, 3]` in [−1, 1]; none for text alone, which then needs prompts. */
  readonly images?: Float32Array;
  /** One text prefix a row, as token ids without special tokens; lengths may differ; default: empty. */
  readonly prompts?: readonly Int32Array[];
  /** New tokens at most, the end token included; default: what the model's text length leaves each row after its prompt. */
  readonly maxLength?: number;
  /** Default: greedy. */
  readonly sampler?: SamplerOptions;
}

export interface Generated {
  /** The new tokens, without prompt and end token. */
  readonly tokens: Int32Array;
  /** Σ log p of the new tokens, the end token included when it was reached; in nats. */
  readonly logProb: number;
  /** The model ended the text itself. */
  readonly finished: boolean;
}

/**
 * Continues the prefix of every row with a KV cache, until each row has ended on its own. A row's result does not depend on
 * its neighbours. The tensors it makes are gone when it returns.
 *
 * @throws ShapeError when images, prompts and lengths do not fit one another or the model
 */
export async function generate(model: ModelCore, request: GenerateRequest): Promise<Generated[]> {
  const batch = prefixBatch(model, request);
  const { config } = model;
  const limits = rowLimits(model, batch, request.maxLength);
  const maxLength = Math.max(...limits);
  const { reduce, choose } = createChooser(request.sampler ?? { kind: 'greedy' }, config.vocabSize);
  const rows = Array.from({ length: batch.size }, () => ({
    tokens: [] as number[],
    logProb: 0,
    finished: false,
    /** It ended, or has as many tokens as it may have. */
    closed: false,
  }));
  const session = startSession(model, batch, maxLength, reduce);
  try {
    let numbers = await read(session.first());
    for (let step = 0; ; step++) {
      const next = rows.map((row, b) => {
        if (row.closed) return config.tokens.pad;
        const choice = choose(numbers, b, step);
        row.logProb += choice.logProb;
        row.finished = choice.token === config.tokens.eos;
        if (!row.finished) row.tokens.push(choice.token);
        row.closed = row.finished || step + 1 >= limits[b]!;
        return choice.token;
      });
      if (rows.every(row => row.closed)) break;
      numbers = await read(session.next(next));
    }
  } finally {
    session.dispose();
  }
  return rows.map(({ tokens, logProb, finished }) => ({
    tokens: Int32Array.from(tokens),
    logProb,
    finished,
  }));
}

/** New tokens that each row may have: a row's own room, so that a neighbour's long prompt does not cut it short. */
function rowLimits({ config }: ModelCore, { prefixLengths }: PrefixLmBatch, maxLength?: number): Int32Array {
  const rooms = prefixLengths.map(length => config.maxTextLength - length);
  if (maxLength === undefined) return rooms;
  const room = Math.min(...rooms);
  if (!Number.isInteger(maxLength) || maxLength < 1 || maxLength > room) {
    throw new ShapeError(
      `generate: maxLength must be 1 to ${room} (${config.maxTextLength} text tokens less a prompt of ${config.maxTextLength - room}), got ${maxLength}`,
    );
  }
  return rooms.fill(maxLength);
}

async function read(tensors: NamedTensors): Promise<Record<string, Float32Array | Int32Array>> {
  const names = Object.keys(tensors);
  const numbers = await Promise.all(names.map(name => tensors[name]!.data()));
  return Object.fromEntries(names.map((name, i) => [name, numbers[i] as Float32Array | Int32Array]));
}

/** The prefixes as a batch: each prompt is followed by one place that the model is to fill. */
function prefixBatch({ config }: ModelCore, { images, prompts }: GenerateRequest): PrefixLmBatch {
  const side = config.imageSize;
  const perImage = side * side * 3;
  if (images && images.length % perImage !== 0) {
    throw new ShapeError(`generate: images must be [B, ${side}, ${side}, 3], got ${images.length} numbers`);
  }
  const size = images ? images.length / perImage : (prompts?.length ?? 0);
  if (size < 1) throw new ShapeError('generate: give images, prompts or both');
  if (prompts && prompts.length !== size)
    throw new ShapeError(`generate: ${size} images need as many prompts, got ${prompts.length}`);
  const lengths = Int32Array.from({ length: size }, (_, b) => prompts?.[b]?.length ?? 0);
  const length = Math.max(...lengths) + 1;
  if (length > config.maxTextLength) {
    throw new ShapeError(
      `generate: a prompt of ${length - 1} tokens leaves no room; the model reads ${config.maxTextLength} text tokens`,
    );
  }
  const tokens = new Int32Array(size * length).fill(config.tokens.pad);
  for (let b = 0; b < size; b++) if (prompts?.[b]) tokens.set(prompts[b]!, b * length);
  return {
    size,
    length,
    tokens,
    prefixLengths: lengths,
    textLengths: lengths.map(n => n + 1),
    ...(images && { images: { side, pixels: images } }),
    ids: Array.from(lengths, (_, b) => `${b}`),
  };
}
