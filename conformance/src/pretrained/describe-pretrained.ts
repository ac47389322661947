import type { PrefixLmBatch } from '@simvlm/core';
import { imagePixels } from '@simvlm/data';
import { layout, type SimVlm } from '@simvlm/model';
import { packBytes, scalePixels } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withBackend } from '../with-backend';
import {
  type ExpectedText,
  importFixture,
  type PretrainedName,
  pretrainedNames,
  readExpected,
  readRules,
  readSquare,
} from './fixture';

export interface PretrainedParity {
  /** Registers the backend. */
  readonly ready: () => Promise<void>;
  /** Which folders; default: all. */
  readonly names?: readonly PretrainedName[];
  /** How far a logit may be off. */
  readonly logits: number;
  /** Settings of beam search, and of rules for tokens, that are tried; default: all. They differ on the host alone. */
  readonly searches?: number;
}

/** Nats, of each token; of the whole text for the score of beams. */
const LOG_PROBS = 1e-4;
/** Of a scaled colour. */
const PIXELS = 1e-6;
/** The same of a photograph: decoders of JPEG round in their own ways. On average. */
const JPEG_PIXELS = 0.02;
const TIMEOUT = 300_000;

/** What is imported computes what transformers does: pixels, logits, log-probabilities, greedy and beam-search texts. */
export function describePretrained(
  backendName: string,
  { names = pretrainedNames, ...rest }: PretrainedParity,
): void {
  for (const name of names) describeFolder(name, backendName, rest);
}

function describeFolder(
  name: PretrainedName,
  backendName: string,
  { ready, logits: tolerance, searches }: Omit<PretrainedParity, 'names'>,
): void {
  describe(`${name} imported on ${backendName} equals transformers`, { timeout: TIMEOUT }, () => {
    withBackend(backendName, ready);
    const expected = readExpected(name);
    const prompts = expected.rows.map(({ prompt }) => Int32Array.from(prompt));
    let model: SimVlm;
    let pixels: Uint8Array;
    beforeAll(async () => {
      model = await importFixture(name);
      pixels = imagePixels(
        await Promise.all(expected.rows.map(({ picture }) => readSquare(picture, model.config))),
      );
    });
    afterAll(() => model?.dispose());

    const pictures = [...expected.tensors].filter(([tensor]) => tensor.startsWith('pixels.'));
    // Of one folder of each kind.
    if (pictures.length > 0)
      test('pixels of the processor', async () => {
        for (const [tensor, { values }] of pictures) {
          const picture = tensor.slice('pixels.'.length);
          const { data } = await readSquare(picture, model.config);
          const made = await scaled(data, model);
          const off = Array.from(values, (value, i) => Math.abs(made[i]! - value));
          if (picture.endsWith('.jpg'))
            expect(off.reduce((sum, value) => sum + value) / off.length, picture).toBeLessThan(JPEG_PIXELS);
          else
            expect(
              off.reduce((a, b) => Math.max(a, b)),
              picture,
            ).toBeLessThan(PIXELS);
        }
      });

    test(`logits of every place within ${tolerance}`, async () => {
      const batch = textBatch(model, expected.text, prompts, pixels);
      const { lengths } = layout(batch, model.config);
      const made = model.logits(batch);
      const [, places, vocabulary] = made.shape;
      const values = await made.data();
      made.dispose();
      for (const row of expected.rows.keys()) {
        const wanted = expected.tensors.get(`logits.${row}`);
        if (!wanted) continue;
        expect(wanted.shape).toEqual([lengths[row], vocabulary]);
        const first = row * places * vocabulary;
        expect(
          largestDifference(values.subarray(first, first + wanted.values.length), wanted.values),
          `row ${row}`,
        ).toBeLessThan(tolerance);
      }
    });

    test(`log-probabilities of the tokens of a text within ${LOG_PROBS}`, async () => {
      const made = await model.tokenLogProbs(textBatch(model, expected.text, prompts, pixels));
      for (const [row, { logProbs }] of expected.rows.entries())
        expect(largestDifference(made[row]!, logProbs), `row ${row}`).toBeLessThan(LOG_PROBS);
    });

    test('greedy texts, token for token', async () => {
      const made = await model.generate({
        images: pixels,
        prompts,
        maxLength: expected.limit,
        sampler: { kind: 'greedy' },
      });
      expect(made.map(idsOf)).toEqual(expected.greedy.map(idsOf));
    });

    test('texts of three beams, token for token, however they stop', async () => {
      for (const { captions, texts, ...beam } of expected.beams.slice(0, searches)) {
        const made = await model.generate({
          images: pixels,
          prompts,
          maxLength: expected.limit,
          sampler: { kind: 'beam', ...beam },
          captions,
        });
        expect(made.map(idsOf), JSON.stringify(beam)).toEqual(texts.flat().map(idsOf));
        for (const [i, { score }] of texts.flat().entries())
          expect(Math.abs(made[i]!.score! - score!), `score ${i}`).toBeLessThan(LOG_PROBS);
      }
    });

    const ruled = readRules(name);
    if (ruled)
      test('texts under rules for tokens, greedy and of three beams, token for token', async () => {
        for (const { beams, texts, ...rules } of ruled.searches.slice(0, searches)) {
          const made = await model.generate({
            ...{ images: pixels, prompts, maxLength: ruled.limit },
            sampler: beams === 1 ? { kind: 'greedy' } : { kind: 'beam', beams },
            ...rules,
          });
          expect(made.map(idsOf), JSON.stringify({ beams, ...rules })).toEqual(texts.map(idsOf));
        }
      });
  });
}

/** The text behind each picture and its prompt. */
function textBatch(
  { config }: SimVlm,
  text: readonly number[],
  prompts: readonly Int32Array[],
  pixels: Uint8Array,
): PrefixLmBatch {
  const size = prompts.length;
  const textLengths = Int32Array.from(prompts, ({ length }) => length + text.length + 1);
  const length = Math.max(...textLengths);
  const tokens = new Int32Array(size * length).fill(config.tokens.pad);
  for (const [row, prompt] of prompts.entries())
    tokens.set([...prompt, ...text, config.tokens.eos], row * length);
  return {
    ...{ size, length, tokens, textLengths },
    prefixLengths: Int32Array.from(prompts, prompt => prompt.length),
    images: { side: config.imageSize, pixels },
    ids: prompts.map((_, row) => `${row}`),
  };
}

async function scaled(bytes: Uint8Array, { config }: SimVlm): Promise<ArrayLike<number>> {
  const { mean, std } = config.picture!;
  const made = tf.tidy(() =>
    scalePixels(tf.tensor2d(packBytes(bytes, 1), [1, Math.ceil(bytes.length / 4)], 'int32'), {
      side: config.imageSize,
      ...(mean && { mean }),
      ...(std && { std }),
    }),
  );
  const values = await made.data();
  made.dispose();
  return values;
}

function idsOf({
  tokens,
  finished,
}: { readonly tokens: ArrayLike<number> } & Pick<ExpectedText, 'finished'>) {
  return { tokens: Array.from(tokens), finished };
}

/** NaN where one is, or where they are not as many. */
function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let largest = a.length === b.length ? 0 : Number.NaN;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]! - b[i]!));
  return largest;
}
