import { type SentencePieceTokenizer, type TrainingOptions, trainBpe, trainUnigram } from '../src/index';

/** What the tests of training share: a little text, and both trainers. */
const animals = ['cat', 'dog', 'fox', 'owl', 'bear', 'tiger', 'zebra', 'horse'];
export const lines = animals.flatMap(animal =>
  ['red', 'green', 'blue', 'striped', 'spotted'].flatMap(colour =>
    ['face', 'running', 'sleeping', 'with a hat'].map(what => `the ${colour} ${animal} ${what}`),
  ),
);
/** The characters of the lines without the space, and the least vocabulary that holds them. */
export const letters = [...new Set(lines.join('').replaceAll(' ', ''))];
export const LEAST = letters.length + 1 + 4;

export const trainers = [
  { name: 'unigram', train: trainUnigram },
  { name: 'BPE', train: trainBpe },
];

/** Trains with the same options once. Nothing is normalised, which is quick, unless it is asked for. */
export function trainOnce(train: typeof trainUnigram) {
  const trained = new Map<string, Promise<SentencePieceTokenizer>>();
  return (options: Partial<TrainingOptions> = {}, text: readonly string[] = lines) => {
    const all: TrainingOptions = { vocabSize: 44, normalization: 'identity', ...options };
    const key = JSON.stringify([all, text]);
    if (!trained.has(key)) trained.set(key, train(text, all));
    return trained.get(key)!;
  };
}

export const texts = ({ model }: SentencePieceTokenizer) => model.pieces.map(({ text }) => text);
