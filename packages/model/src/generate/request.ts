import { ConfigError, checkOptions, type OptionRule, rule, ShapeError } from '@simvlm/core';
import type { SimVlmConfig } from '../config';
import { checkBytes, positionAfter } from '../layout';
import { above0, checkSampler, type SamplerOptions } from './sampler-options';

/** What to continue, and how. `B` rows, `S` image side in pixels. */
export interface GenerateRequest {
  /** `uint8[B, S, S, 3]`; none for text alone, which then needs prompts. */
  readonly images?: Uint8Array;
  /** For images of some of the rows only: the row of each image, from 0 to B − 1. The rows are then those of `prompts`. */
  readonly imageRows?: readonly number[];
  /** One text prefix a row, as token ids without special tokens; lengths may differ; default: empty. */
  readonly prompts?: readonly Int32Array[];
  /**
   * One name a row, for its random draws; default: its number. The same picture with the same name, seed and caption number
   * is given the same draws in every batch.
   */
  readonly ids?: readonly (string | number)[];
  /**
   * New tokens at most, the end token included; default: `generation.maxLength` of the model, and what its text length leaves each row after its
   * prompt.
   */
  readonly maxLength?: number;
  /** New tokens before the end token at least; default: `generation.minLength` of the model as far as there is room, else 0. */
  readonly minLength?: number;
  /** Default: `generation.sampler` of the model, else greedy; greedy with `onToken`, which beams cannot have. */
  readonly sampler?: SamplerOptions;
  /**
   * θ of Keskar et al., 2019 (CTRL, section 4.1), above 0; default: that of the model, else 1, which changes nothing. The logits (of beams log p) of
   * tokens that stand in the text already, prompt included, are divided by θ; negative ones are multiplied, so that θ > 1 always makes them less
   * likely.
   */
  readonly repetitionPenalty?: number;
  /**
   * No sequence of so many tokens occurs twice in a text, prompt included (Paulus et al., 2018, section 2.5); default: that of the model, else 0: off.
   * Where it leaves no token, the text ends.
   */
  readonly noRepeatNgram?: number;
  /** Captions a row: as many samples, or the best of the beams; default 1. */
  readonly captions?: number;
  /**
   * Called for each new token but the end token, as soon as it is chosen, with the new tokens of its row so far. What it throws
   * ends the generation. Not with beams, which are undecided until the end.
   */
  readonly onToken?: (row: number, tokens: Int32Array, caption: number) => void;
}

/** A generated text with its numbers. They are the model's (temperature 1, nothing cut off, penalised or blocked). */
export interface Continuation {
  /** The row of the request. */
  readonly row: number;
  /** The new tokens, without prompt and end token. */
  readonly tokens: Int32Array;
  /** The model ended the text itself. */
  readonly finished: boolean;
  /** Σ log p of the new tokens, the end token included when it was reached; in nats. */
  readonly logProb: number;
  /** log p of each new token, in nats; the last is the end token's when it was reached. They sum to `logProb`. */
  readonly tokenLogProbs: Float32Array;
  /** Of beams: what they are ordered by; see `BeamOptions`. */
  readonly score?: number;
}

/** One row to continue. */
export interface Row {
  /** Its place in the request. */
  readonly index: number;
  readonly id: string | number;
  /** `uint8[S, S, 3]` */
  readonly image?: Uint8Array;
  readonly prompt: Int32Array;
  /** New tokens at most, the end token included. */
  readonly limit: number;
}

/** A request that was checked, with its defaults. */
export interface Plan {
  readonly rows: readonly Row[];
  readonly sampler: SamplerOptions;
  readonly minLength: number;
  readonly repetitionPenalty: number;
  readonly noRepeatNgram: number;
  readonly captions: number;
  readonly onToken?: GenerateRequest['onToken'];
}

/** Sizes, whose errors say what fits. */
const checkedBelow: OptionRule = { expected: 'as documented', accepts: () => true };
const callable: OptionRule = { expected: 'a function', accepts: value => typeof value === 'function' };

/**
 * @throws ConfigError for an option that is unknown, out of range or at odds with another
 * @throws ShapeError when images, prompts and lengths do not fit one another or the model
 */
export function planRequest(config: SimVlmConfig, request: GenerateRequest): Plan {
  checkOptions('generate', request, {
    images: checkedBelow,
    imageRows: rule.array,
    prompts: rule.array,
    ids: rule.array,
    maxLength: checkedBelow,
    minLength: rule.integer(0),
    sampler: rule.object,
    repetitionPenalty: above0(),
    noRepeatNgram: rule.integer(0),
    captions: rule.integer(1),
    onToken: callable,
  });
  const { captions = 1, onToken } = request;
  const { generation = {} } = config;
  const { sampler = defaultSampler(config, request) } = request;
  checkSampler(sampler);
  if (sampler.kind === 'greedy' && captions > 1)
    throw disagree(
      `captions ${captions} needs a sampler of kind top-k, top-p or beam; greedy makes one caption`,
    );
  if (sampler.kind === 'beam' && captions > sampler.beams)
    throw disagree(
      `captions ${captions} is more than beams ${sampler.beams}; ask for as many beams at least`,
    );
  if (sampler.kind === 'beam' && onToken)
    throw disagree('onToken does not go with sampler beam, whose texts are undecided until the end');
  return {
    rows: limited(config, rowsOf(config, request), request),
    sampler,
    minLength: request.minLength ?? generation.minLength ?? 0,
    captions,
    repetitionPenalty: request.repetitionPenalty ?? generation.repetitionPenalty ?? 1,
    noRepeatNgram: request.noRepeatNgram ?? generation.noRepeatNgram ?? 0,
    ...(onToken && { onToken }),
  };
}

/** Nobody asked for the model's own beams: where they do not go with the request, it is greedy. */
export function defaultSampler(
  { generation }: SimVlmConfig,
  { captions = 1, onToken }: Pick<GenerateRequest, 'captions' | 'onToken'>,
): SamplerOptions {
  const own = generation?.sampler;
  if (!own || (own.kind === 'beam' && (onToken || captions > own.beams))) return { kind: 'greedy' };
  return own;
}

function disagree(message: string): ConfigError {
  return new ConfigError('CONFIG_INVALID', `generate: ${message}`);
}

function rowsOf(
  { imageSize: side }: SimVlmConfig,
  { images, imageRows, prompts, ids }: GenerateRequest,
): Omit<Row, 'limit'>[] {
  const perImage = side * side * 3;
  if (images) checkBytes('generate', images);
  if (images && images.length % perImage !== 0)
    throw new ShapeError(`generate: images must be [B, ${side}, ${side}, 3], got ${images.length} numbers`);
  const imageCount = images ? images.length / perImage : 0;
  const size = imageRows ? (prompts?.length ?? 0) : images ? imageCount : (prompts?.length ?? 0);
  if (size < 1) throw new ShapeError('generate: give images, prompts or both');
  if (prompts && prompts.length !== size)
    throw new ShapeError(`generate: ${size} images need as many prompts, got ${prompts.length}`);
  if (ids && ids.length !== size)
    throw new ShapeError(`generate: ${size} rows need as many ids, got ${ids.length}`);
  const imageOf = imagePlaces(imageCount, size, imageRows);
  return Array.from({ length: size }, (_, index) => {
    const place = imageOf.get(index);
    return {
      index,
      id: ids?.[index] ?? index,
      prompt: prompts?.[index] ?? new Int32Array(0),
      ...(place !== undefined && { image: images!.subarray(place * perImage, (place + 1) * perImage) }),
    };
  });
}

/** Which image a row has. */
function imagePlaces(
  images: number,
  rows: number,
  imageRows: readonly number[] = Array.from({ length: images }, (_, i) => i),
): Map<number, number> {
  if (imageRows.length !== images)
    throw new ShapeError(`generate: ${images} images need as many imageRows, got ${imageRows.length}`);
  const places = new Map<number, number>();
  for (const [place, row] of imageRows.entries()) {
    if (!Number.isInteger(row) || row < 0 || row >= rows || places.has(row))
      throw new ShapeError(`generate: imageRows must be different rows from 0 to ${rows - 1}, got ${row}`);
    places.set(row, place);
  }
  return places;
}

/** Each row with its own room, so that a neighbour's long prompt does not cut it short. A question takes none: it is not in the answer's text. */
function limited(
  config: SimVlmConfig,
  rows: readonly Omit<Row, 'limit'>[],
  { maxLength, minLength = 0 }: Pick<GenerateRequest, 'maxLength' | 'minLength'>,
): Row[] {
  const { maxTextLength, generation } = config;
  const taken = ({ prompt }: Pick<Row, 'prompt'>) => positionAfter(config, prompt.length);
  const longest = Math.max(...rows.map(taken));
  const room = maxTextLength - longest;
  const readable = `${maxTextLength} text tokens less a prompt of ${longest}`;
  if (room < 1) {
    throw new ShapeError(
      `generate: a prompt of ${longest} tokens leaves no room; the model reads ${maxTextLength} text tokens`,
    );
  }
  if (maxLength !== undefined && (!Number.isInteger(maxLength) || maxLength < 1 || maxLength > room))
    throw new ShapeError(`generate: maxLength must be 1 to ${room} (${readable}), got ${maxLength}`);
  if (maxLength !== undefined && minLength > maxLength)
    throw disagree(`minLength ${minLength} is more than maxLength ${maxLength}`);
  if (minLength > room)
    throw new ShapeError(`generate: minLength must be 0 to ${room} (${readable}), got ${minLength}`);
  const usual = Math.max(generation?.maxLength ?? maxTextLength, minLength);
  return rows.map(row => ({ ...row, limit: maxLength ?? Math.min(usual, maxTextLength - taken(row)) }));
}
