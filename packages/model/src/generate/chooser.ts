/**
 * The next token in two parts: what the device makes of the logits of all rows, so that little comes to the host, and what the
 * host chooses from it. Rules for tokens need the logits themselves.
 */
import { crossEntropy } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';
import { type Choice, createDraw, createPicker, type DrawPlace } from './sampler';
import type { TokenSamplerOptions } from './sampler-options';
import type { Reduction } from './session';
import type { TextSoFar, TokenRules } from './token-rules';
import { logSumExp, topOf } from './top';

/** Numbers that a reduction gave, by name. */
export type Numbers = Readonly<Record<string, Float32Array | Int32Array>>;

/** A choice for the text in row `slot` of the session. */
export interface Chooser {
  readonly reduce: Reduction;
  choose(numbers: Numbers, slot: number, place: DrawPlace, context: TextSoFar): Choice;
}

/** @throws ConfigError as `createSampler` does */
export function createChooser(
  options: TokenSamplerOptions,
  rules: TokenRules | undefined,
  vocabSize: number,
): Chooser {
  const pick = createPicker(options);
  if (!rules && options.kind === 'greedy') return greedy;
  if (!rules && options.kind !== 'greedy' && options.k !== undefined) {
    const draw = createDraw(options);
    const count = Math.min(options.k, vocabSize);
    return {
      reduce: topLogits(count),
      choose(numbers, slot, place) {
        const { tokens, logits, total } = topOfRow(numbers, slot, count);
        const chosen = draw(logits, place);
        return { token: tokens[chosen]!, logProb: logits[chosen]! - total };
      },
    };
  }
  return {
    reduce: allLogits,
    choose(numbers, slot, place, context) {
      const logits = logitsOfRow(numbers, slot, vocabSize);
      const token = pick(rules ? rules(logits, context) : logits, place);
      return { token, logProb: logits[token]! - logSumExp(logits) };
    },
  };
}

/** The greedy choice is made on the device: two numbers a row, in two launches where the backend has a kernel for the loss. */
const greedy: Chooser = {
  reduce(logits) {
    const token = tf.argMax(logits, 1) as tf.Tensor1D;
    return { token, loss: crossEntropy(logits, token, tf.ones(token.shape)) };
  },
  choose: ({ token, loss }, slot) => ({ token: token![slot]!, logProb: -loss![slot]! }),
};

/** A token with which a text may go on. */
export interface Candidate extends Choice {
  /** log p by which beams are compared: as the rules have it. */
  readonly score: number;
}

/** The likeliest continuations of the text in row `slot` of the session, likeliest first. */
export interface CandidateFinder {
  readonly reduce: Reduction;
  find(numbers: Numbers, slot: number, context: TextSoFar): Candidate[];
}

/** @param count continuations of each text at most; those that are blocked are left out */
export function createFinder(
  count: number,
  rules: TokenRules | undefined,
  vocabSize: number,
): CandidateFinder {
  const most = Math.min(count, vocabSize);
  if (!rules) {
    return {
      reduce: topLogits(most),
      find(numbers, slot) {
        const { tokens, logits, total } = topOfRow(numbers, slot, most);
        return Array.from(tokens, (token, i) => {
          const logProb = logits[i]! - total;
          return { token, logProb, score: logProb };
        });
      },
    };
  }
  return {
    reduce: allLogits,
    find(numbers, slot, context) {
      const logits = logitsOfRow(numbers, slot, vocabSize);
      const total = logSumExp(logits);
      const logProbs = logits.map(logit => logit - total);
      const ruled = rules(logProbs, context);
      const allowed = topOf(ruled, most).filter(token => ruled[token]! > -Infinity);
      return allowed.map(token => ({ token, logProb: logProbs[token]!, score: ruled[token]! }));
    },
  };
}

const allLogits: Reduction = logits => ({ logits });

function logitsOfRow({ logits }: Numbers, slot: number, vocabSize: number): Float32Array {
  return (logits as Float32Array).subarray(slot * vocabSize, (slot + 1) * vocabSize);
}

/** The largest logits of each row, largest first, their tokens, and log Σ exp of all. */
function topLogits(count: number): Reduction {
  return all => {
    const { values, indices } = tf.topk(all, count);
    return { logits: values, tokens: indices, total: tf.logSumExp(all, 1) };
  };
}

function topOfRow({ tokens, logits, total }: Numbers, slot: number, count: number) {
  const ofRow = <T extends Float32Array | Int32Array>(values: T) =>
    values.subarray(slot * count, (slot + 1) * count) as T;
  return {
    tokens: ofRow(tokens as Int32Array),
    logits: ofRow(logits as Float32Array),
    total: total![slot]!,
  };
}
