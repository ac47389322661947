import type { BeamOptions, SimVlmConfig } from '@simvlm/model';
import { unsupported } from '../invalid';
import type { ConfigObject } from './config-object';

/** New tokens where nothing is said, as transformers has it. */
const USUAL_LENGTH = 20;

/**
 * How a model writes, from its `generation_config.json` or, in older folders, from `config.json` itself.
 *
 * @param sources where settings are looked for, the first first
 * @param maxTextLength the model's own limit
 * @throws CheckpointError for values that no setting can have
 */
export function generationOf(
  sources: readonly ConfigObject[],
  maxTextLength: number,
): NonNullable<SimVlmConfig['generation']> {
  const number = (key: string, absent: number) =>
    sources.find(source => source.has(key))?.number(key, absent) ?? absent;
  // "max_length" counts the token that starts a text.
  const length = number('max_new_tokens', number('max_length', USUAL_LENGTH + 1) - 1);
  const beams = number('num_beams', 1);
  if (!Number.isInteger(length) || length < 1 || !Number.isInteger(beams) || beams < 1)
    throw unsupported(
      `${sources[0]!.where}: it says ${length} new tokens and ${beams} beams; both must be whole numbers from 1 on`,
    );
  const maxLength = Math.min(length, maxTextLength - 1);
  // "min_length" counts the token that starts a text, too.
  const minLength = Math.max(number('min_new_tokens', 0), number('min_length', 0) - 1, 0);
  const [repetitionPenalty, noRepeatNgram] = [
    number('repetition_penalty', 1),
    number('no_repeat_ngram_size', 0),
  ];
  return {
    maxLength,
    ...(minLength > 0 && { minLength: Math.min(minLength, maxLength) }),
    ...(repetitionPenalty !== 1 && { repetitionPenalty }),
    ...(noRepeatNgram !== 0 && { noRepeatNgram }),
    ...(beams > 1 && { sampler: beamSampler(sources, beams, number('length_penalty', 1)) }),
  };
}

/** What transformers takes for "off", by the settings that ours does not take over. */
const OFF: Readonly<Record<string, readonly unknown[]>> = {
  do_sample: [false],
  num_beam_groups: [1],
  diversity_penalty: [0],
  bad_words_ids: [],
  suppress_tokens: [],
  begin_suppress_tokens: [],
  forced_bos_token_id: [],
  forced_eos_token_id: [],
};

/**
 * Settings of how a model writes that are not taken over, such as `do_sample true`: its texts will be others than its makers'.
 *
 * @param sources as for `generationOf`
 */
export function ignoredGeneration(sources: readonly ConfigObject[]): string[] {
  return Object.entries(OFF).flatMap(([key, off]) => {
    const value = sources.find(source => source.has(key))?.json[key];
    return value == null || off.includes(value) ? [] : [`${key} ${JSON.stringify(value)}`];
  });
}

function beamSampler(sources: readonly ConfigObject[], beams: number, lengthPenalty: number): BeamOptions {
  const earlyStopping = sources.find(source => source.has('early_stopping'))?.json.early_stopping;
  return {
    kind: 'beam',
    beams,
    ...(lengthPenalty !== 1 && { lengthPenalty }),
    ...((earlyStopping === true || earlyStopping === 'never') && { earlyStopping }),
  };
}
