import {
  ConfigError,
  DataError,
  type ExampleOutline,
  type OptionRule,
  rule,
  type TaskContext,
} from '@simvlm/core';
import { savedTexts, textsFile } from './text-list';

/** The file of a checkpoint with the answers that the model may give, where they are those of its training data. */
const CANDIDATES = 'candidates.json';

/** What the option `candidates` may be. */
export const candidatesRule: OptionRule = {
  expected: '"training" or a list of texts',
  accepts: value => value === 'training' || rule.strings.accepts(value),
};

/** Answers that a model may give. */
export interface Candidates {
  readonly texts: readonly string[];
  /** Of each its tokens, the end token included. */
  readonly tokens: readonly Int32Array[];
  /** What a checkpoint keeps of them. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

interface CandidateSource {
  /** Names the task in messages. */
  readonly where: string;
  readonly given: 'training' | readonly string[];
  /** Tokens of an answer at most, without the end token. */
  readonly room: number;
  /** All right answers of an example. @throws DataError where it has none: it is passed over */
  readonly answersOf: (example: ExampleOutline) => readonly string[];
}

/**
 * The answers that a model may give: those of the option, or all of the training data that fit, the most frequent first.
 *
 * @throws ConfigError where there are none, one is there twice, or one of the option does not fit
 */
export async function openCandidates(
  context: TaskContext,
  { where, given, room, answersOf }: CandidateSource,
): Promise<Candidates> {
  const { tokenizer } = context;
  const refuse = (message: string) => new ConfigError('CONFIG_INVALID', `${where}: ${message}`);
  const encoded = (texts: readonly string[]) => texts.map(text => ({ text, tokens: tokenizer.encode(text) }));
  const fits = ({ text, tokens }: { readonly text: string; readonly tokens: Int32Array }) =>
    text.trim() !== '' && tokens.length <= room;
  const isTraining = given === 'training';
  const found = isTraining
    ? encoded((await savedTexts(context, CANDIDATES)) ?? (await frequentFirst(context, answersOf))).filter(
        fits,
      )
    : encoded(given);
  if (found.length === 0) throw refuse('there are no candidates; give a list, or training data with answers');
  const texts = found.map(({ text }) => text);
  const seen = new Set<string>();
  const twice = texts.find(text => seen.has(text) || !seen.add(text));
  if (twice !== undefined) throw refuse(`the candidate "${twice}" is there twice`);
  const long = found.find(each => !fits(each));
  if (long !== undefined)
    throw refuse(
      `the candidate "${long.text}" has ${long.tokens.length} tokens; allowed are 1 to ${room}: raise "answerLength", or leave it out`,
    );
  return {
    texts,
    tokens: found.map(({ tokens }) => Int32Array.of(...tokens, tokenizer.special.eos)),
    files: isTraining ? textsFile(CANDIDATES, texts) : new Map(),
  };
}

/** Every answer once; of equally frequent ones in the order of their characters. */
async function frequentFirst(
  { outlines }: TaskContext,
  answersOf: CandidateSource['answersOf'],
): Promise<string[]> {
  const counts = new Map<string, number>();
  for await (const example of outlines()) {
    try {
      for (const text of answersOf(example)) counts.set(text, (counts.get(text) ?? 0) + 1);
    } catch (error) {
      // It is counted where it is to be trained on.
      if (!(error instanceof DataError)) throw error;
    }
  }
  const order = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return order.map(([text]) => text);
}
