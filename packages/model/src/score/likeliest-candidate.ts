import type { ModelCore } from '../network/contract';
import { type ReadPrefixes, readPrefixes } from './read-prefixes';
import {
  type CandidatePrefixes,
  checkedPrompts,
  checkTexts,
  rowsByLength,
  rowsOf,
  textsAtOnce,
} from './score-candidates';

/** How candidates of different lengths compare: by Σ log p, or by its mean over the tokens, the end token included. */
export type Normalisation = 'sum' | 'length';

export interface LikeliestCandidate {
  /** Which of the candidates; of equally likely ones the first. */
  readonly index: number;
  /** What it was chosen by, in nats. */
  readonly score: number;
  /** Another candidate has the same score, or no score is a number. */
  readonly tied: boolean;
  /** How many of the candidates were computed: the others could not be likelier. */
  readonly computed: number;
}

/** A first token's log p comes of another kernel than a text's: they differ by less than this. */
const SLACK = 1e-3;
/** Texts of a row that are computed before it is asked whether more are needed: so many at first, then twice as many each time. */
const PART = 16;

/** See `SimVlm.likeliestCandidates`. */
export async function likeliestCandidates(
  model: ModelCore,
  prefixes: CandidatePrefixes & { readonly rows: number },
  candidates: readonly Int32Array[],
  normalise: Normalisation,
): Promise<LikeliestCandidate[]> {
  const { rows: count } = prefixes;
  const prompts = checkedPrompts('likeliestCandidates', model, prefixes, count);
  const longest = Math.max(...candidates.map(({ length }) => length));
  const found = new Array<LikeliestCandidate>(count);
  for (const rows of rowsByLength(prompts)) {
    const chosen = rowsOf(model, prefixes, prompts, rows);
    checkTexts(model, candidates, Array(candidates.length).fill(chosen.prompts[0]!));
    const read = readPrefixes(model, chosen, longest);
    try {
      const atOnce = textsAtOnce(model, chosen.prompts[0]!.length + longest);
      const best = await searched(read, { count: rows.length, candidates, normalise, atOnce });
      for (const [place, row] of rows.entries()) found[row] = best[place]!;
    } finally {
      read.dispose();
    }
  }
  return found;
}

interface Search {
  readonly count: number;
  readonly candidates: readonly Int32Array[];
  readonly normalise: Normalisation;
  readonly atOnce: number;
}

/** A row's candidates, the most promising first, and how far they are computed. */
interface Progress {
  readonly order: readonly number[];
  readonly bounds: readonly number[];
  computed: number;
  best: number;
  index: number;
  tied: boolean;
}

/**
 * A text is at most as likely as its first token, as every further one costs. So candidates are computed in the order of that bound, until the
 * best one beats the bound of all that are left: the choice is exact, and where the model is sure few are computed.
 */
async function searched(
  read: ReadPrefixes,
  { count, candidates, normalise, atOnce }: Search,
): Promise<LikeliestCandidate[]> {
  const first = await read.first();
  const vocabSize = first.length / count;
  const share = (i: number) => (normalise === 'length' ? candidates[i]!.length : 1);
  const rows = Array.from({ length: count }, (_, row): Progress => {
    const bounds = candidates.map((tokens, i) => first[row * vocabSize + tokens[0]!]! / share(i));
    const order = [...candidates.keys()].sort((a, b) => bounds[b]! - bounds[a]!);
    return { order, bounds, computed: 0, best: -Infinity, index: 0, tied: false };
  });
  for (let part = PART; ; part *= 2) {
    const open = rows.flatMap((row, place) => (isOpen(row) ? [place] : []));
    if (open.length === 0) break;
    const work = open.flatMap(place => {
      const { order, computed } = rows[place]!;
      return order.slice(computed, computed + part).map(i => ({ place, i }));
    });
    for (let from = 0; from < work.length; from += atOnce) {
      const some = work.slice(from, from + atOnce);
      const sums = await read.score(
        some.map(({ i }) => candidates[i]!),
        some.map(({ place }) => place),
      );
      for (const [k, { place, i }] of some.entries()) take(rows[place]!, i, sums[k]! / share(i));
    }
  }
  return rows.map(({ index, best, tied, computed }) => ({
    ...{ index, score: best, computed },
    tied: tied || best === -Infinity,
  }));
}

function isOpen({ order, bounds, computed, best }: Progress): boolean {
  return computed < order.length && !(bounds[order[computed]!]! < best - SLACK);
}

function take(row: Progress, index: number, score: number): void {
  row.computed++;
  if (score === row.best) row.tied = true;
  if (score > row.best) Object.assign(row, { best: score, index, tied: false });
  else if (score === row.best) row.index = Math.min(row.index, index);
}
