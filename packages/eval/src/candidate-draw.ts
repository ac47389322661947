import { ConfigError, DataError, type ExampleDataset, ImageError, Random } from '@simvlm/core';
import { exactMatch, normalizeCaption } from './text-metrics';

/** Which captions a picture's own one is to be chosen from. */
export interface CandidateOptions {
  /** N: the true caption and N − 1 others; default 20. */
  readonly choices?: number;
  /** Seed of the draw of the others; default 0. */
  readonly seed?: number;
  /** Captions to draw the others from; default: the captions of the data set. */
  readonly pool?: readonly string[];
  /** Candidates by example id, the true caption among them, instead of a draw. */
  readonly candidates?: ReadonlyMap<string, readonly string[]>;
}

/** For an example its candidates: given ones, or the truth among N − 1 others in random order. */
export async function candidateDraw(
  dataset: ExampleDataset,
  { choices = 20, seed = 0, pool, candidates }: CandidateOptions,
) {
  if (candidates) {
    return (id: string, truth: string): readonly string[] => {
      const given = candidates.get(id);
      if (!given?.some(text => exactMatch(text, truth)))
        throw new DataError(
          'DATA_INVALID',
          `the candidates of "${id}" ${given ? 'lack its caption' : 'are missing'}`,
        );
      if (given.some(text => normalizeCaption(text) === ''))
        throw new DataError('CAPTION_EMPTY', `the candidates of "${id}" contain an empty text`);
      return given;
    };
  }
  if (choices < 2)
    throw new ConfigError('CONFIG_INVALID', `captionChoice: choices must be 2 or more, got ${choices}`);
  const different = new Map((pool ?? (await allTexts(dataset))).map(text => [normalizeCaption(text), text]));
  different.delete('');
  const texts = [...different.values()];
  if (texts.length < choices)
    throw new DataError(
      'DATA_INVALID',
      `a choice among ${choices} needs as many different captions, there are ${texts.length}`,
    );
  const random = Random.fromSeed(seed).fork('choice');
  return (id: string, truth: string): readonly string[] => {
    const draw = random.fork(id);
    const chosen = new Map([[normalizeCaption(truth), truth]]);
    while (chosen.size < choices) {
      const text = draw.pick(texts);
      chosen.set(normalizeCaption(text), chosen.get(normalizeCaption(text)) ?? text);
    }
    const list = [...chosen.values()];
    return Array.from(draw.permutation(list.length), index => list[index]!);
  };
}

async function allTexts(dataset: ExampleDataset): Promise<string[]> {
  const texts: string[] = [];
  for (let i = 0; i < dataset.length; i++) {
    try {
      texts.push((await dataset.get(i)).text);
    } catch (error) {
      // A picture that cannot be read is reported where pictures are read; its caption is no candidate.
      if (!(error instanceof DataError || error instanceof ImageError)) throw error;
    }
  }
  return texts;
}
