import type { TrainCallback } from '@simvlm/core';
import { type SurveyTokenizer, surveyTexts, type TextSurvey } from '@simvlm/data';
import type { RunConfig } from './config/schema';
import type { RunData } from './data';
import type { Reporter } from './reporter';

/** Share of the unknown token in documents from which it is a warning: a rare letter in one of thousands is none. */
const MANY_UNKNOWN = 0.001;

export interface BeforeTraining {
  readonly config: RunConfig;
  readonly data: Pick<RunData, 'captions' | 'texts'>;
  readonly tokenizer: SurveyTokenizer;
  /** Tokens of a text that the model reads, the end token included. */
  readonly maxTextLength: number;
  /** Where the tokenizer comes from. */
  readonly tokenizerFrom: 'checkpoint' | 'file' | 'text';
}

/** Says what this run will lose, while there is time to change it: letters that become `<unk>`, texts that are cut, a warm-up that never ends. */
export async function reportBeforeTraining(reporter: Reporter, run: BeforeTraining): Promise<void> {
  const { config, data, tokenizer, maxTextLength } = run;
  const survey = (texts: Parameters<typeof surveyTexts>[0]) =>
    surveyTexts(texts, tokenizer, maxTextLength - 1, config.seed);
  const { captions, texts: documents } = data;
  const surveys: Record<string, TextSurvey> = {};
  if (config.batch.imageText > 0 && captions.length > 0)
    surveys.caption = await survey({ length: captions.length, at: index => captions[index]! });
  if (config.batch.textOnly > 0 && documents.length > 0)
    surveys.document = await survey({
      length: documents.length,
      at: async index => (await documents.get(index)).text,
    });
  reportUnknown(reporter, surveys, adviceOn(run.tokenizerFrom));
  // Documents are long, and only their beginning is learnt; a caption without its end is another caption.
  if (surveys.caption) reportCut(text => reporter.warn(text), 'captions', surveys.caption, maxTextLength);
  if (surveys.document) reportCut(text => reporter.note(text), 'documents', surveys.document, maxTextLength);
  if (config.steps !== undefined) warnOfWarmup(reporter, config, config.steps);
}

/** For a run of minutes, which knows its number of steps only after the first of them. */
export function warmupWarning(reporter: Reporter, config: RunConfig): TrainCallback {
  let isDue = config.steps === undefined;
  return {
    onStep({ totalSteps }) {
      if (!isDue || totalSteps === null) return;
      isDue = false;
      warnOfWarmup(reporter, config, totalSteps);
    },
  };
}

function reportUnknown(
  reporter: Reporter,
  surveys: Readonly<Record<string, TextSurvey>>,
  advice: string,
): void {
  const parts = Object.entries(surveys);
  if (parts.length === 0) return;
  const shares = parts.map(([kind, { unknownShare }]) => `${shareText(unknownShare)} of the ${kind} tokens`);
  const letters = [...new Set(parts.flatMap(([, { unknownLetters }]) => unknownLetters))];
  const examples = letters.length > 0 ? `, such as ${letters.map(letter => `"${letter}"`).join(' ')}` : '';
  const sampled = parts
    .filter(([, { count, looked }]) => looked < count)
    .map(([kind, { count, looked }]) => ` (${number(looked)} of ${number(count)} ${kind}s looked at)`);
  const text = `unknown letters (<unk>): ${shares.join(', ')}${examples}${sampled.join('')}`;
  const isMuch =
    (surveys.caption?.unknownShare ?? 0) > 0 || (surveys.document?.unknownShare ?? 0) >= MANY_UNKNOWN;
  if (isMuch) reporter.warn(`${text}; ${advice}`);
  else reporter.note(text);
}

function adviceOn(tokenizerFrom: BeforeTraining['tokenizerFrom']): string {
  if (tokenizerFrom === 'checkpoint')
    return 'the model cannot learn to write them; begin with a model whose tokenizer knows them';
  if (tokenizerFrom === 'file')
    return 'the model cannot learn to write them; name another "tokenizer.model", or leave it out to learn one from this text';
  return 'raise "tokenizer.vocabSize"';
}

function reportCut(
  say: (text: string) => void,
  kind: string,
  { count, looked, tooLong, longest }: TextSurvey,
  maxTextLength: number,
): void {
  if (tooLong === 0) return;
  const drawn = looked < count ? ' drawn at random' : '';
  say(
    `${kind} are cut to ${number(maxTextLength - 1)} tokens, and what follows is never learnt: ${number(tooLong)} of ${number(looked)}${drawn} ` +
      `${tooLong === 1 ? 'is' : 'are'} longer, the longest has ${number(longest)}; raise "maxTextLength" of the model to keep more`,
  );
}

function warnOfWarmup(reporter: Reporter, { optimizer }: RunConfig, steps: number): void {
  const { warmup, learningRate } = optimizer;
  if (warmup <= steps || warmup < 1) return;
  const reached = (learningRate * steps) / warmup;
  reporter.warn(
    `the warm-up takes ${number(warmup)} steps and the run ${number(steps)}: the learning rate reaches ${Number(reached.toPrecision(2))}, never ` +
      `${learningRate}; set "optimizer.warmup" to fewer steps, or to a share of the run such as 0.1`,
  );
}

/** `0 %`, `< 0.1 %`, `12.3 %`. */
function shareText(share: number): string {
  if (share === 0) return '0 %';
  return share < 0.001 ? '< 0.1 %' : `${(share * 100).toFixed(1)} %`;
}

function number(value: number): string {
  return value.toLocaleString('en');
}
