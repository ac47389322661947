import { align } from './align';
import { type Match, matchesOf, type Resources, type Stage } from './matches';

/** What a match of each stage is worth. */
const WORTH: Readonly<Record<Stage, number>> = { exact: 1, stem: 0.6, synonym: 0.8, paraphrase: 0.6 };
/** Of the task "rank": recall against precision, the exponent and the weight of the fragmentation, content words against function words. */
const [ALPHA, BETA, GAMMA, DELTA] = [0.85, 0.2, 0.6, 0.75];

/** METEOR's list of English words that say little, marks included. */
const FUNCTION_WORDS = new Set(
  (
    'the , . to of and a in that for " is on \'s it with was as said at he by be from have has are his but an this not i will ’ they ) -rrb- ( -lrb- who their ' +
    'had we which were been more or s its would about new one after you : also up when there than $ all out her people she year two - can if last first “ over ' +
    "other ” into some what so -- no time years could ? 't — '"
  ).split(' '),
);

/** What the score of one prediction, or of many added up, is computed of; `own` is the prediction's side, `other` the reference's. */
export interface MeteorCounts {
  readonly own: Side;
  readonly other: Side;
  chunks: number;
}

interface Side {
  words: number;
  functionWords: number;
  /** Words in matches. */
  matched: number;
  /** Words in matches, worth what their stage and kind are. */
  worth: number;
}

export function noCounts(): MeteorCounts {
  const side = (): Side => ({ words: 0, functionWords: 0, matched: 0, worth: 0 });
  return { own: side(), other: side(), chunks: 0 };
}

/** The counts of a prediction beside one reference, both as `meteorWords` gives them. */
export function countMatches(
  prediction: readonly string[],
  reference: readonly string[],
  stages: readonly Stage[],
  resources: Resources,
): MeteorCounts {
  const chosen = align(matchesOf(prediction, reference, stages, resources), prediction.length);
  const counts = noCounts();
  countWords(counts.own, prediction);
  countWords(counts.other, reference);
  for (const match of chosen) {
    if (!match) continue;
    countMatched(counts.own, prediction.slice(match.from, match.from + match.count), match);
    countMatched(counts.other, reference.slice(match.start, match.start + match.length), match);
  }
  counts.chunks = chunksOf(chosen);
  return counts;
}

function countWords(side: Side, words: readonly string[]): void {
  side.words = words.length;
  side.functionWords = words.filter(word => FUNCTION_WORDS.has(word)).length;
}

function countMatched(side: Side, words: readonly string[], { stage }: Match): void {
  side.matched += words.length;
  for (const word of words) side.worth += WORTH[stage] * (FUNCTION_WORDS.has(word) ? 1 - DELTA : DELTA);
}

/** Runs of matches that are adjacent, and in the same order, on both sides. */
function chunksOf(chosen: readonly (Match | undefined)[]): number {
  let chunks = 0;
  let end = -1;
  for (let at = 0; at < chosen.length; ) {
    const match = chosen[at];
    if (match && match.from !== end) chunks++;
    end = match ? match.from + match.count : -1;
    at += match ? match.length : 1;
  }
  return chunks;
}

/** Whether both lines match whole, in one piece: then nothing is fragmented. */
function isWhole({ own, other, chunks }: MeteorCounts): boolean {
  return own.matched === own.words && other.matched === other.words && chunks === 1;
}

/** Adds the counts of an item to those of a corpus. */
export function addCounts(sum: MeteorCounts, item: MeteorCounts): void {
  for (const side of ['own', 'other'] as const)
    for (const key of ['words', 'functionWords', 'matched', 'worth'] as const)
      sum[side][key] += item[side][key];
  if (!isWhole(item)) sum.chunks += item.chunks;
}

/** 0 to 1 */
export function meteorScore(counts: MeteorCounts): number {
  const { own, other, chunks } = counts;
  const share = ({ worth, words, functionWords }: Side) =>
    worth / (DELTA * (words - functionWords) + (1 - DELTA) * functionWords);
  const mean = 1 / ((1 - ALPHA) / share(own) + ALPHA / share(other));
  const fragmentation = isWhole(counts) ? 0 : chunks / ((own.matched + other.matched) / 2);
  const score = mean * (1 - GAMMA * fragmentation ** BETA);
  // Nothing matches, or there is nothing to match.
  return Number.isNaN(score) ? 0 : Math.max(score, 0);
}
