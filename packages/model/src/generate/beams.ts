import type { Candidate } from './chooser';
import type { Continuation } from './request';
import type { EarlyStopping } from './sampler-options';

/** A text that goes on. */
export interface Beam {
  readonly tokens: readonly number[];
  readonly logProbs: readonly number[];
  /** Σ log p as the rules have it. */
  readonly sum: number;
}

/** How the texts of one row go on: slot i continues beam `parents[i]` with `tokens[i]`. */
export interface Advance {
  readonly parents: readonly number[];
  readonly tokens: readonly number[];
}

export interface BeamSearchOptions {
  readonly beams: number;
  /** α */
  readonly lengthPenalty: number;
  readonly earlyStopping: EarlyStopping;
  /** Texts that are asked for. */
  readonly captions: number;
  /** New tokens at most, the end token included. */
  readonly limit: number;
  readonly eos: number;
}

/** A text that will not go on. */
interface Hypothesis extends Beam {
  readonly score: number;
  readonly finished: boolean;
}

/** Beam search of one row, on the host; see `BeamOptions` for its rules. */
export class BeamSearch {
  readonly #options: BeamSearchOptions;
  #live: readonly Beam[] = [{ tokens: [], logProbs: [], sum: 0 }];
  /** Best first; of equal ones the earlier. */
  #complete: Hypothesis[] = [];

  constructor(options: BeamSearchOptions) {
    this.#options = options;
  }

  /** The texts that go on, at most `beams`; none when the row is done. */
  get live(): readonly Beam[] {
    return this.#live;
  }

  /**
   * One step.
   *
   * @param candidates for each live text its likeliest continuations, 2 · beams of them: so many that enough are left when each text
   *   could end
   */
  advance(candidates: readonly (readonly Candidate[])[]): Advance {
    const { beams, limit, eos } = this.#options;
    const ranked = candidates
      .flatMap((list, parent) =>
        list.map(candidate => ({ ...candidate, parent, sum: this.#live[parent]!.sum + candidate.score })),
      )
      .sort((a, b) => b.sum - a.sum || a.parent - b.parent);
    const parents: number[] = [];
    const next: Beam[] = [];
    for (const [rank, { token, parent, logProb, sum }] of ranked.entries()) {
      const { tokens, logProbs } = this.#live[parent]!;
      const longer = { logProbs: [...logProbs, logProb], sum };
      const ends = token === eos;
      const text = { ...longer, tokens: ends ? tokens : [...tokens, token] };
      if (ends || longer.logProbs.length >= limit) {
        // An end that is less likely than what goes on would complete texts too soon.
        if (rank < beams) this.#add(text, ends);
      } else if (next.length < beams) {
        parents.push(parent);
        next.push(text);
      }
    }
    this.#live = next;
    const chosen = { parents, tokens: next.map(({ tokens }) => tokens.at(-1)!) };
    if (this.#isDone()) this.#live = [];
    return chosen;
  }

  /** The best texts, best first; fewer than were asked for only where there are no more. */
  best(): Omit<Continuation, 'row'>[] {
    return this.#complete.slice(0, this.#options.captions).map(({ tokens, logProbs, finished, score }) => ({
      tokens: Int32Array.from(tokens),
      tokenLogProbs: Float32Array.from(logProbs),
      logProb: logProbs.reduce((sum, logProb) => sum + logProb, 0),
      finished,
      score,
    }));
  }

  /** Keeps the best `beams` of what is complete. */
  #add(beam: Beam, finished: boolean): void {
    this.#complete.push({ ...beam, finished, score: this.#score(beam.sum, beam.logProbs.length) });
    this.#complete.sort((a, b) => b.score - a.score);
    this.#complete.length = Math.min(this.#complete.length, this.#options.beams);
  }

  #score(sum: number, length: number): number {
    return sum / length ** this.#options.lengthPenalty;
  }

  /** Whether `beams` texts are complete and, unless the first ones will do, no live text looks as if it could beat the worst of them. */
  #isDone(): boolean {
    const { beams, lengthPenalty, earlyStopping, limit } = this.#options;
    const [best] = this.#live;
    if (this.#complete.length < beams || !best) return false;
    if (earlyStopping === true) return true;
    // At best all other tokens are certain; whether the text is compared as long as it is or as long as it may get is what differs.
    const length = earlyStopping === 'never' && lengthPenalty > 0 ? limit : best.tokens.length;
    return this.#score(best.sum, length) <= this.#complete[beams - 1]!.score;
  }
}
