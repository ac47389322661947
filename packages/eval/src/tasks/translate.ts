import {
  checkOptions,
  DataError,
  type Example,
  type JsonValue,
  type PrefixLmBatch,
  type Random,
  type RgbImage,
  rule,
  type Task,
  type TaskContext,
  type TaskFactory,
} from '@simvlm/core';
import { collate, imagePixels, type Row } from '@simvlm/data';
import { decodable, picturesAtOnce, prefixLmLearner, type SamplerOptions, type SimVlm } from '@simvlm/model';
import { answerer, byPictures, exampleBatchSources, learnerOptions, picturesOf } from './common';
import { textOf, textRoom, textsOf, writtenRow } from './written-text';

interface Sentence extends Row {
  /** The picture, where there is one. */
  readonly images: readonly RgbImage[];
  /** Right translations, at least one. */
  readonly truths: readonly string[];
}

const makeTask = (options: Readonly<Record<string, JsonValue>>, context: TaskContext<SimVlm>): Task => {
  const { model, tokenizer } = context;
  const { config } = model;
  checkOptions('task translate', options, {
    ...{ source: rule.string, target: rule.string, language: rule.string },
    pictures: { expected: '0, 1 or "any"', accepts: value => value === 0 || value === 1 || value === 'any' },
    targetLength: rule.integer(1, config.maxTextLength - 2),
    sampler: rule.object,
  });
  const { source, target, language } = fieldsOf(options);
  const { pictures = 'any', targetLength = Math.floor(config.maxTextLength / 2) } = options as {
    readonly pictures?: 0 | 1 | 'any';
    readonly targetLength?: number;
  };
  const sampler = options.sampler as SamplerOptions | undefined;
  const { pad, eos } = tokenizer.special;
  const room = textRoom(config, targetLength);

  const row = (example: Example, random: Random | undefined): Sentence => {
    const truths = textsOf(example, target);
    const translation = random ? random.fork('target').pick(truths) : truths[0]!;
    const before = language === undefined ? '' : `to ${textOf(example, language)}: `;
    const sentence = tokenizer.encode(`${before}${textOf(example, source)}`);
    return {
      ...{ id: example.id, truths, images: read(example) },
      ...writtenRow(sentence, tokenizer.encode(translation), room, eos),
    };
  };
  const read = (example: Example): readonly RgbImage[] => {
    const { id, image, images = image ? [image] : [] } = example;
    if (pictures === 0) return [];
    if (pictures === 'any' && images.length > 1)
      throw new DataError('DATA_INVALID', `example "${id}" has ${images.length} images, and not 0 or 1`);
    return picturesOf(example, pictures === 'any' ? images.length : pictures, config);
  };
  const batches = (rows: readonly Sentence[]): PrefixLmBatch[] =>
    byPictures(rows).map(part =>
      collate(
        part.map(({ images: [image], ...rest }) => (image ? { ...rest, image } : rest)),
        { pad },
      ),
    );

  return {
    learner: prefixLmLearner(model, learnerOptions(context)),
    ...exampleBatchSources<Sentence, PrefixLmBatch>('translate', context, { row, batches }),
    evaluators: ['bleu'],
    metric: { name: 'bleu/bleu', better: 'higher' },
    answer: answerer(
      example => row(example, undefined),
      async rows => {
        const seen = rows.flatMap(({ images }, i) => images.map(image => ({ image, row: i })));
        const made = await model.generate({
          ...(seen.length > 0 && {
            images: imagePixels(seen.map(({ image }) => image)),
            imageRows: seen.map(each => each.row),
          }),
          prompts: rows.map(({ tokens, prefixLength }) => tokens.subarray(0, prefixLength)),
          ...(sampler && { sampler }),
        });
        return rows.map(({ id, truths }, i) => ({
          ...{ id, truths },
          text: tokenizer.decode(decodable(made[i]!.tokens, config)),
        }));
      },
      picturesAtOnce(model, sampler ? { sampler } : {}),
    ),
  };
};
/**
 * `translate`: a sentence is the prefix, beside a picture or alone, and its translation is predicted and alone the loss; Multi30k as the paper has
 * it. Records without a picture are examples like the others, so that a model may be trained on text alone and measured with pictures, or the other
 * way round.
 *
 * Options: `source` and `target`, the fields of the two sentences (default: these names; a list of right translations gives a training step one of
 * them at random); `language`, the field that names the language to translate to, where there are several: the prefix is then
 * `to German: a dog`; `pictures`, `0` for text alone (pictures are left out), `1` for a picture with each (others cannot be used) or `any`
 * (default); `targetLength`, tokens that are kept free for the translation (default: half of the model's text); `sampler` (default: the model's
 * own, else greedy).
 */
export const translateTask: TaskFactory = Object.assign(makeTask, {
  pictureless: 'examples' as const,
  fields: (options: Readonly<Record<string, JsonValue>>) =>
    Object.values(fieldsOf(options)).filter(each => each !== undefined),
});

function fieldsOf({ source = 'source', target = 'target', language }: Readonly<Record<string, JsonValue>>) {
  return { source, target, language } as { source: string; target: string; language: string | undefined };
}
