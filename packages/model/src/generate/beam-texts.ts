import type { SimVlmConfig } from '../config';
import { BeamSearch } from './beams';
import { type CandidateFinder, createFinder, type Numbers } from './chooser';
import { type Decoding, readNumbers } from './decoding';
import type { Continuation, Row } from './request';
import type { BeamOptions } from './sampler-options';
import { startSession } from './session';
import { ruledText } from './token-rules';

/** Beam search: for each row its best texts. The beams of all rows share a session, `beams` slots a row. */
export async function beamTexts(
  { model, rows, batch, plan, rules }: Decoding,
  { beams, lengthPenalty = 1, earlyStopping = false }: BeamOptions,
): Promise<Continuation[][]> {
  const { vocabSize, tokens: special } = model.config;
  const finder = createFinder(2 * beams, rules, vocabSize);
  const options = { beams, lengthPenalty, earlyStopping, captions: plan.captions, eos: special.eos };
  const searches = rows.map(({ limit }) => new BeamSearch({ ...options, limit }));
  const session = startSession(model, batch, {
    maxLength: Math.max(...rows.map(({ limit }) => limit)),
    copies: beams,
    reduce: finder.reduce,
  });
  try {
    let numbers = await readNumbers(session.first());
    for (;;) {
      // A slot without a text goes along with the others.
      const order = Int32Array.from({ length: rows.length * beams }, (_, slot) => slot);
      const next = new Int32Array(order.length).fill(special.pad);
      for (const [b, search] of searches.entries()) {
        if (search.live.length === 0) continue;
        const from = b * beams;
        const { parents, tokens } = search.advance(
          candidates(search, finder, numbers, { row: rows[b]!, from, rules, config: model.config }),
        );
        for (const [i, parent] of parents.entries()) order[from + i] = from + parent;
        next.set(tokens, from);
      }
      if (searches.every(({ live }) => live.length === 0)) break;
      numbers = await readNumbers(session.next(next, order));
    }
  } finally {
    session.dispose();
  }
  return searches.map((search, b) => search.best().map(text => ({ row: rows[b]!.index, ...text })));
}

/** For each live text of a row its likeliest continuations. */
function candidates(
  { live }: BeamSearch,
  finder: CandidateFinder,
  numbers: Numbers,
  { row, from, rules, config }: Pick<Decoding, 'rules'> & { row: Row; from: number; config: SimVlmConfig },
) {
  return live.map(({ tokens }, i) =>
    finder.find(numbers, from + i, {
      text: rules ? ruledText(config, row.prompt, tokens) : [],
      newTokens: tokens.length,
    }),
  );
}
