import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { BeamSearch } from './beams';
import type { BeamOptions } from './sampler-options';
import { logSumExp, topOf } from './top';

interface Search extends Required<Omit<BeamOptions, 'kind'>> {
  /** A single beam has no score: transformers takes the greedy way then. */
  readonly texts: readonly { tokens: number[]; finished: boolean; score: number | null }[];
}

/** See `write.py` beside it. */
const { limit, cases } = JSON.parse(
  readFileSync(new URL('../../test/fixtures/beams/beams.json', import.meta.url), 'utf8'),
) as { limit: number; cases: { logits: number[][][]; searches: Search[] }[] };

const [END, BEGIN] = [0, 1];

/** What the search finds where the next token depends on the last one and the step alone. */
function found(logits: readonly number[][][], { texts: _, ...options }: Search) {
  const search = new BeamSearch({ ...options, captions: options.beams, limit, eos: END });
  while (search.live.length > 0) {
    search.advance(
      search.live.map(({ tokens }) => {
        const row = logits[tokens.length]![tokens.at(-1) ?? BEGIN]!;
        const total = logSumExp(row);
        return topOf(row, 2 * options.beams).map(token => {
          const logProb = row[token]! - total;
          return { token, logProb, score: logProb };
        });
      }),
    );
  }
  return search.best();
}

test.each(cases)('beams find what transformers finds in table $#', ({ logits, searches }) => {
  for (const search of searches) {
    const { texts, ...options } = search;
    // One beam that may miss nothing goes on where transformers, then greedy, ends.
    if (options.beams === 1 && options.earlyStopping === 'never') continue;
    const made = found(logits, search);
    expect(
      made.map(({ tokens, finished }) => ({ tokens: [...tokens], finished })),
      JSON.stringify(options),
    ).toEqual(texts.map(({ tokens, finished }) => ({ tokens, finished })));
    for (const [i, { score }] of texts.entries())
      if (score !== null) expect(made[i]!.score, JSON.stringify(options)).toBeCloseTo(score, 4);
  }
});

test('the tables tell the settings apart', () => {
  const differing = (a: Search['earlyStopping'], b: Search['earlyStopping']) =>
    cases.filter(({ searches }) => {
      const of = (when: Search['earlyStopping']) =>
        searches.filter(({ earlyStopping }) => earlyStopping === when).map(({ texts }) => texts);
      return JSON.stringify(of(a)) !== JSON.stringify(of(b));
    }).length;
  expect(differing(true, false)).toBeGreaterThan(2);
  expect(differing(false, 'never')).toBeGreaterThan(2);
});
