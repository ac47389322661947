import { ConfigError } from '@simvlm/core';
import type { BeamOptions, GenerateRequest, SamplerOptions, SimVlmConfig } from '@simvlm/model';
import { Option } from 'commander';
import { count, countUpTo, numberFrom0, positiveNumber, share, wholeNumber } from '../arguments';

/** How captions are generated, as the command line has it. */
export interface GenerationOptions {
  beams?: number;
  lengthPenalty?: number;
  earlyStopping?: 'true' | 'false' | 'never';
  topK?: number;
  topP?: number;
  temperature?: number;
  seed?: number;
  captions?: number;
  minLength?: number;
  maxLength?: number;
  repetitionPenalty?: number;
  noRepeatNgram?: number;
}

const option = (flags: string, description: string, parse: (text: string) => number) =>
  new Option(flags, description).argParser(parse);

/** `--beams` and its like; without any of them captions are as the model has it, else greedy. */
export function generationOptions(): Option[] {
  return [
    option('--beams <n>', 'beam search: keep the n likeliest texts at each step', countUpTo(1000)).conflicts([
      'topK',
      'topP',
      'temperature',
      'seed',
    ]),
    option(
      '--length-penalty <α>',
      'of beams: a score is Σ log p / length^α, so that more favours longer captions (default: 1)',
      numberFrom0,
    ),
    new Option(
      '--early-stopping <when>',
      'of beams, when as many captions are complete: stop at once (true); when the likeliest other one has no better score (false, the default); ' +
        'when it could not get one either, however long (never)',
    ).choices(['true', 'false', 'never']),
    option('--top-k <n>', 'sample from the n likeliest tokens', count),
    option('--top-p <p>', 'sample from the fewest tokens whose probabilities reach p', share),
    option('--temperature <t>', 'sample; below 1 sharpens the probabilities, above flattens', positiveNumber),
    option(
      '--seed <n>',
      'of sampling: the same seed gives a picture the same captions (default: 0)',
      wholeNumber,
    ),
    option(
      '--captions <n>',
      'captions a picture: as many samples, or the best of the beams',
      countUpTo(1000),
    ),
    option(
      '--min-length <n>',
      'minimum caption length in tokens, without the prompt and the end',
      wholeNumber,
    ),
    option('--max-length <n>', 'maximum caption length in tokens, with the end, without the prompt', count),
    option(
      '--repetition-penalty <θ>',
      'make tokens that stand in the caption already less likely (above 1)',
      positiveNumber,
    ),
    option('--no-repeat-ngram <n>', 'let no n tokens in a row occur twice in a caption', count),
  ];
}

/** A command that writes texts, with the option for what they follow. */
export type WritingCommand = {
  readonly name: 'caption' | 'answer';
  readonly option: '--prompt' | '--question';
};

/**
 * Refuses options that go together with no model, by their names.
 *
 * @throws ConfigError
 */
export function checkTogether(
  command: WritingCommand,
  { beams, captions, topK, topP, temperature, seed, minLength, maxLength }: GenerationOptions,
): void {
  const wrong = refusal(command);
  if (captions !== undefined && beams !== undefined && captions > beams)
    throw wrong(`--captions ${captions} is more than --beams ${beams}`);
  if (seed !== undefined && topK === undefined && topP === undefined && temperature === undefined)
    throw wrong(
      `--seed ${seed} needs sampling: --top-k, --top-p or --temperature; greedy captions have no chance`,
    );
  if (minLength !== undefined && maxLength !== undefined && minLength > maxLength)
    throw wrong(`--min-length ${minLength} is more than --max-length ${maxLength}`);
}

/**
 * Such options as a request to a model.
 *
 * @param command names the command in messages
 * @param own how the model writes where nothing is said; default: greedy
 * @throws ConfigError for options that do not go with one another or with the model, by their names
 */
export function generationRequest(
  command: WritingCommand,
  options: GenerationOptions,
  own: SamplerOptions = { kind: 'greedy' },
): Pick<
  GenerateRequest,
  'sampler' | 'captions' | 'minLength' | 'maxLength' | 'repetitionPenalty' | 'noRepeatNgram'
> {
  const { captions, minLength, maxLength, repetitionPenalty, noRepeatNgram } = options;
  const wrong = refusal(command);
  checkTogether(command, options);
  const sampler = samplerOf(options, own, wrong);
  const used = sampler ?? own;
  if (captions !== undefined && captions > 1 && used.kind === 'greedy')
    throw wrong(
      `--captions ${captions} needs --beams, or sampling by --top-k, --top-p or --temperature: the greedy caption is one`,
    );
  if (captions !== undefined && used.kind === 'beam' && captions > used.beams)
    throw wrong(`--captions ${captions} is more than the ${used.beams} beams of the model: give --beams`);
  return {
    ...(sampler && { sampler }),
    ...(captions !== undefined && { captions }),
    ...(minLength !== undefined && { minLength }),
    ...(maxLength !== undefined && { maxLength }),
    ...(repetitionPenalty !== undefined && { repetitionPenalty }),
    ...(noRepeatNgram !== undefined && { noRepeatNgram }),
  };
}

/**
 * Refuses lengths that this model cannot give, by the names of the options.
 *
 * @param promptLength tokens of the prompt or the question
 * @throws ConfigError
 */
export function checkLengths(
  command: WritingCommand,
  { minLength, maxLength }: GenerationOptions,
  promptLength: number,
  { maxTextLength, encoder }: SimVlmConfig,
): void {
  const wrong = refusal(command);
  const { option } = command;
  const isApart = encoder?.kind === 'question';
  // A question that is read apart is read with a token before and one after it.
  if (isApart && promptLength + 2 > maxTextLength)
    throw wrong(
      `${option} has ${promptLength} tokens, and the model reads questions of ${maxTextLength - 2}: shorten it`,
    );
  const taken = isApart ? 0 : promptLength;
  const room = maxTextLength - taken;
  const why = `the model reads ${maxTextLength} tokens${taken > 0 ? `, and ${option} takes ${taken}` : ''}`;
  if (room < 1)
    throw wrong(
      `${option} has ${promptLength} tokens, and the model reads ${maxTextLength} in all: shorten it`,
    );
  if (maxLength !== undefined && maxLength > room)
    throw wrong(`--max-length must be 1 to ${room} (${why}), got ${maxLength}`);
  if (minLength !== undefined && minLength > room)
    throw wrong(`--min-length must be 0 to ${room} (${why}), got ${minLength}`);
}

/** Nothing where the model writes as it does by itself. */
function samplerOf(
  { beams, lengthPenalty, earlyStopping, topK: k, topP: p, temperature, seed }: GenerationOptions,
  own: SamplerOptions,
  wrong: (message: string) => ConfigError,
): SamplerOptions | undefined {
  const samples = k !== undefined || p !== undefined || temperature !== undefined;
  const ownBeams = own.kind === 'beam' && !samples ? own : undefined;
  const searched: BeamOptions | undefined = beams === undefined ? ownBeams : { kind: 'beam', beams };
  if (!searched && lengthPenalty !== undefined)
    throw wrong(`--length-penalty ${lengthPenalty} needs --beams`);
  if (!searched && earlyStopping !== undefined)
    throw wrong(`--early-stopping ${earlyStopping} needs --beams`);
  if (searched) {
    if (searched === own && lengthPenalty === undefined && earlyStopping === undefined) return undefined;
    return {
      ...searched,
      ...(lengthPenalty !== undefined && { lengthPenalty }),
      ...(earlyStopping !== undefined && {
        earlyStopping: earlyStopping === 'never' ? earlyStopping : earlyStopping === 'true',
      }),
    };
  }
  if (!samples) return undefined;
  const draws = { seed: seed ?? 0, ...(temperature !== undefined && { temperature }) };
  return k === undefined
    ? { kind: 'top-p', p: p ?? 1, ...draws }
    : { kind: 'top-k', k, ...(p !== undefined && { p }), ...draws };
}

function refusal({ name }: WritingCommand): (message: string) => ConfigError {
  return message => new ConfigError('CONFIG_INVALID', `${name}: ${message}`);
}
