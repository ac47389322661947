import { surveyTexts } from '@simvlm/data';
import type { StudioFailure, TextProblems } from './engine';
import type { LoadedModel } from './model-store';

/** What the model cannot learn of these captions, as a notice before the training: letters it does not know, and ends that are cut off. */
export async function lostText(
  captions: readonly string[],
  { model, tokenizer }: LoadedModel,
): Promise<StudioFailure | undefined> {
  const tokens = model.config.maxTextLength - 1;
  const texts = { length: captions.length, at: (index: number) => captions[index]! };
  const { unknownLetters, tooLong } = await surveyTexts(texts, tokenizer, tokens, 0);
  const [titles, advice]: [string[], string[]] = [[], []];
  if (unknownLetters.length > 0) {
    titles.push(`The model does not know ${unknownLetters.map(letter => `“${letter}”`).join(' ')}`);
    advice.push(
      'It cannot learn to write letters that were not in its first training; write the captions without them.',
    );
  }
  if (tooLong > 0) {
    titles.push(tooLong === 1 ? 'One caption is too long' : `${tooLong} captions are too long`);
    advice.push(`It reads ${tokens} tokens of a caption, and does not learn what follows.`);
  }
  if (titles.length === 0) return undefined;
  return { code: 'LESSONS_UNUSABLE', title: titles.join('. '), advice: advice.join(' ') };
}

/** What the model cannot do with each text, for who is writing it. */
export async function textProblems(
  texts: readonly string[],
  { model, tokenizer }: LoadedModel,
): Promise<TextProblems[]> {
  const most = model.config.maxTextLength - 1;
  return Promise.all(
    texts.map(async text => {
      const survey = await surveyTexts({ length: 1, at: () => text }, tokenizer, most, 0);
      return {
        unknown: survey.unknownLetters,
        ...(survey.tooLong > 0 && { read: tokenizer.decode(tokenizer.encode(text).subarray(0, most)) }),
      };
    }),
  );
}
