import { type Checkpoint, FILES } from '@simvlm/checkpoint';
import { ConfigError, type Plugin, type Registry, type RgbImage } from '@simvlm/core';
import { imagePixels } from '@simvlm/data';
import { squareImage } from '@simvlm/image';
import { decodable, type GenerateRequest, openSimVlm, type SimVlm } from '@simvlm/model';
import type { AnyTokenizer } from '@simvlm/tokenizer';
import { withPluginAdvice } from './checkpoint';
import type { RunConfig } from './config/schema';
import { openForUse } from './open-checkpoint';
import { ownParts } from './registry';
import { modelSquare } from './square';

export interface CaptionOptions
  extends Pick<
    GenerateRequest,
    'sampler' | 'captions' | 'minLength' | 'maxLength' | 'repetitionPenalty' | 'noRepeatNgram'
  > {
  /** Text that every caption begins with. */
  readonly prompt?: string;
  /** One name a picture, for its random draws; default: its number. */
  readonly ids?: readonly (string | number)[];
}

/** What the model says of a picture. */
export interface Caption {
  /** Which of the pictures. */
  readonly picture: number;
  /** Prompt included. */
  readonly text: string;
  /** Σ log p of the generated tokens, in nats. */
  readonly logProb: number;
}

/** Pictures that are captioned at once. */
const AT_ONCE = 64;

/** A trained model with its tokenizer. It has the model's memory until `dispose`. */
export class Captioner {
  constructor(
    readonly model: SimVlm,
    readonly tokenizer: AnyTokenizer,
    /** The configuration of the run that it comes from; none of a model that was imported. */
    readonly config: RunConfig | undefined,
  ) {}

  /**
   * Captions for pictures of any size, in their order; without options one each, greedy.
   *
   * @throws ConfigError for options that do not go together; ShapeError for a prompt that is too long
   */
  async caption(
    pictures: readonly RgbImage[],
    { prompt = '', ids = [...pictures.keys()], ...request }: CaptionOptions = {},
  ): Promise<Caption[]> {
    const { model, tokenizer, config } = this;
    const begin = tokenizer.encode(prompt.trim());
    const square = modelSquare(model.config, config);
    const captions: Caption[] = [];
    for (let first = 0; first < pictures.length; first += AT_ONCE) {
      const some = pictures.slice(first, first + AT_ONCE);
      const made = await model.generate({
        images: imagePixels(some.map(picture => squareImage(picture, square))),
        prompts: some.map(() => begin),
        ids: ids.slice(first, first + AT_ONCE),
        ...request,
      });
      for (const { row, tokens, logProb } of made)
        captions.push({
          picture: first + row,
          text: tokenizer.decode([...begin, ...decodable(tokens, model.config)]),
          logProb,
        });
    }
    return captions;
  }

  dispose(): void {
    this.model.dispose();
  }
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
  return new Captioner(model, tokenizer, run);
}
