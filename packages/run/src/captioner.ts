import { type Checkpoint, FILES } from '@simvlm/checkpoint';
import { ConfigError, DataError, type Plugin, type Registry } from '@simvlm/core';
import { collate, imagePixels } from '@simvlm/data';
import {
  decodable,
  type GenerateRequest,
  openSimVlm,
  picturesAtOnce,
  type SimVlm,
  type SimVlmConfig,
} from '@simvlm/model';
import type { AnyTokenizer } from '@simvlm/tokenizer';
import { withPluginAdvice } from './checkpoint';
import type { RunConfig } from './config/schema';
import { checkpointDoubt } from './doubt/file';
import { type Doubt, type DoubtScale, doubtOf, featureRows } from './doubt/scale';
import { openForUse } from './open-checkpoint';
import { type PictureInput, squareOf } from './pictures';
import { ownParts } from './registry';
import { modelSquare } from './square';

export interface CaptionOptions
  extends Pick<
    GenerateRequest,
    'sampler' | 'captions' | 'minLength' | 'maxLength' | 'repetitionPenalty' | 'noRepeatNgram'
  > {
  /** Text that every caption begins with. Default: the one that the model was fine-tuned with, which is left out of the caption. */
  readonly prompt?: string;
  /** One name a picture, for its random draws; default: its number. */
  readonly ids?: readonly (string | number)[];
}

/** What the model says of a picture. Doubt is known of a checkpoint with `doubt.json`, and of captions that nothing was asked of. */
export interface Caption extends Partial<Doubt> {
  /** Which of the pictures. */
  readonly picture: number;
  /** A caption begins with the prompt that was asked for; an answer is without its question. */
  readonly text: string;
  /** Ids of the new tokens, the end token included where the model ended the text itself. */
  readonly tokens: readonly number[];
  /** Σ log p of the generated tokens, in nats. */
  readonly logProb: number;
}

/** How likely a model finds a text. */
export interface TextScore {
  /** Ids of the text's tokens, the end token included. */
  readonly tokens: readonly number[];
  /** log p of each of them, given the picture and all that stands before it; in nats. */
  readonly logProbs: readonly number[];
  /** Their sum. */
  readonly logProb: number;
}

/** A trained model with its tokenizer. It has the model's memory until `dispose`. */
export class Captioner {
  constructor(
    readonly model: SimVlm,
    readonly tokenizer: AnyTokenizer,
    /** The configuration of the run that it comes from; none of a model that was imported. */
    readonly config: RunConfig | undefined,
    /** How it tells what it does not know; none of a checkpoint that was never calibrated. */
    readonly doubtScale: DoubtScale | undefined = undefined,
  ) {}

  /** The text prefix that the model was fine-tuned with, the `prompt` of its task; empty without one. */
  get prompt(): string {
    const prompt = this.config?.task.prompt;
    return typeof prompt === 'string' ? prompt.trim() : '';
  }

  /**
   * Captions for pictures of any size, in their order; without options one each, greedy.
   *
   * @throws ConfigError for options that do not go together; ShapeError for a prompt that is too long
   */
  async caption(
    pictures: readonly PictureInput[],
    { prompt, ...options }: CaptionOptions = {},
  ): Promise<Caption[]> {
    const begin = this.tokenizer.encode((prompt ?? this.prompt).trim());
    const shown = prompt === undefined ? [] : begin;
    // The limit was measured on captions that the model writes by itself.
    const { ids: _, sampler = { kind: 'greedy' }, ...asked } = options;
    const plain = prompt === undefined && sampler.kind === 'greedy' && Object.keys(asked).length === 0;
    const scale = plain ? this.doubtScale : undefined;
    return this.#write(pictures, { begin, options, scale }, tokens => [...shown, ...tokens]);
  }

  /**
   * Answers to a question about pictures, in their order. A model that encodes questions apart reads it there (BLIP), another as the text before
   * its answer (GIT, SimVLM).
   *
   * @throws as `caption`
   */
  async answer(
    pictures: readonly PictureInput[],
    question: string,
    options: Omit<CaptionOptions, 'prompt'> = {},
  ): Promise<Caption[]> {
    const begin = this.tokenizer.encode(question.trim());
    return this.#write(pictures, { begin, options, scale: undefined }, tokens => tokens);
  }

  /**
   * How likely the model finds a text for a picture, token by token: each is given all before it, whatever the model would have written.
   *
   * @param question what the text answers; default: it is a caption, behind the prompt that the model was fine-tuned with
   * @throws DataError for an empty text; ConfigError where text or question is too long
   */
  async score(picture: PictureInput, text: string, question = this.prompt): Promise<TextScore> {
    const { model, tokenizer, config } = this;
    const { pad, eos } = model.config.tokens;
    const [before, after] = [tokenizer.encode(question.trim()), tokenizer.encode(text.trim())];
    if (after.length === 0) throw new DataError('CAPTION_EMPTY', 'the text to score is empty');
    checkReadable(model.config, before.length, after.length);
    const tokens = Int32Array.of(...before, ...after, eos);
    const image = await squareOf(picture, modelSquare(model.config, config));
    const row = { id: 'score', tokens, prefixLength: before.length, image };
    const [logProbs] = await model.tokenLogProbs(collate([row], { pad }));
    return {
      tokens: [...after, eos],
      logProbs: [...logProbs!],
      logProb: logProbs!.reduce((sum, value) => sum + value, 0),
    };
  }

  /** @param shown what of the new tokens a text is spelt with, and of those before them */
  async #write(
    pictures: readonly PictureInput[],
    { begin, options, scale }: Writing,
    shown: (tokens: Int32Array) => ArrayLike<number>,
  ): Promise<Caption[]> {
    const { model, tokenizer, config } = this;
    const { ids = [...pictures.keys()], ...request } = options;
    const square = modelSquare(model.config, config);
    const atOnce = picturesAtOnce(model, request);
    const captions: Caption[] = [];
    for (let first = 0; first < pictures.length; first += atOnce) {
      const some = pictures.slice(first, first + atOnce);
      const images = imagePixels(await Promise.all(some.map(picture => squareOf(picture, square))));
      const features = scale && featureRows(await model.features(images));
      const made = await model.generate({
        images,
        prompts: some.map(() => begin),
        ids: ids.slice(first, first + atOnce),
        ...request,
      });
      for (const { row, tokens, finished, logProb } of made)
        captions.push({
          picture: first + row,
          text: tokenizer.decode(shown(decodable(tokens, model.config))),
          tokens: finished ? [...tokens, model.config.tokens.eos] : [...tokens],
          logProb,
          ...(scale && doubtOf(scale, features![row]!, logProb)),
        });
    }
    return captions;
  }

  dispose(): void {
    this.model.dispose();
  }
}

interface Writing {
  /** What the new tokens follow. */
  readonly begin: Int32Array;
  readonly options: Omit<CaptionOptions, 'prompt'>;
  /** Where doubt is to be told. */
  readonly scale: DoubtScale | undefined;
}

/** @param question, text tokens of each, without special ones. @throws ConfigError where the model cannot read them whole */
function checkReadable({ maxTextLength, encoder }: SimVlmConfig, question: number, text: number): void {
  const texts: [has: string, tokens: number, more: string, them: string][] =
    encoder?.kind === 'question'
      ? [
          ['the question has', question + 2, 'the one before and the one after it', 'it'],
          ['the text has', text + 1, 'the end', 'it'],
        ]
      : [['text and question have', question + text + 1, 'the end', 'them']];
  for (const [has, tokens, more, them] of texts)
    if (tokens > maxTextLength)
      throw new ConfigError(
        'CONFIG_INVALID',
        `${has} ${tokens} tokens with ${more}, and the model reads ${maxTextLength}: shorten ${them}`,
      );
}

export interface OpenCaptionerOptions {
  /** Parts of ours and of plug-ins; default: ours. */
  readonly registry?: Registry;
  /** Plug-ins beside ours, in place of `registry`. */
  readonly plugins?: readonly Plugin[];
}

/**
 * The model of a checkpoint, with every guard: the files are whole, the run's configuration is one, the tokenizer fits the model, the weights have
 * its names and shapes and are finite numbers, and a part that nobody registered is named with the plug-ins of the run. Of the checkpoint neither
 * optimiser nor data position is read.
 *
 * @throws CheckpointError, TokenizerError when it is damaged; PluginError for a part that nobody registered
 */
export async function openCaptioner(
  checkpoint: Checkpoint,
  { plugins = [], registry = ownParts().use(...plugins) }: OpenCaptionerOptions = {},
): Promise<Captioner> {
  const { tokenizer, run } = await openForUse(checkpoint);
  if (checkpoint.names.includes(FILES.classifier))
    throw new ConfigError(
      'CONFIG_INVALID',
      `${checkpoint.where} is of a classifier, which writes no captions: simvlm eval FOLDER --checkpoint ${checkpoint.where} tells its accuracy`,
    );
  const model = await withPluginAdvice(checkpoint, () => openSimVlm(checkpoint, { registry, tokenizer }));
  try {
    return new Captioner(model, tokenizer, run, await checkpointDoubt(checkpoint, model.network.imageWidth));
  } catch (error) {
    model.dispose();
    throw error;
  }
}
