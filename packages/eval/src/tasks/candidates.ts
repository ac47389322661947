import {
  ConfigError,
  DataError,
  type ExampleOutline,
  type OptionRule,
  parseJson,
  rule,
  type TaskContext,
} from '@simvlm/core';

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
  const isTraining = given === 'training';
  const fits = (text: string) => tokenizer.encode(text).length <= room;
  const texts = isTraining
    ? ((await savedCandidates(context)) ?? (await frequentFirst(context, answersOf)).filter(fits))
    : given;
  if (texts.length === 0) throw refuse('there are no candidates; give a list, or training data with answers');
  const twice = texts.find((text, i) => texts.indexOf(text) < i);
  if (twice !== undefined) throw refuse(`the candidate "${twice}" is there twice`);
  const long = texts.find(text => text.trim() === '' || !fits(text));
  if (long !== undefined)
    throw refuse(
      `the candidate "${long}" has ${tokenizer.encode(long).length} tokens; allowed are 1 to ${room}: raise "answerLength", or leave it out`,
    );
  return {
    texts,
    tokens: texts.map(text => Int32Array.of(...tokenizer.encode(text), tokenizer.special.eos)),
    files: new Map(isTraining ? [[CANDIDATES, new TextEncoder().encode(JSON.stringify(texts))]] : []),
  };
}

async function savedCandidates({ savedFile }: TaskContext): Promise<readonly string[] | undefined> {
  const bytes = await savedFile?.(CANDIDATES);
  if (!bytes) return undefined;
  const texts = parseJson(bytes, CANDIDATES);
  if (!rule.strings.accepts(texts))
    throw new DataError('DATA_INVALID', `${CANDIDATES}: must be a list of strings`);
  return texts as string[];
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
