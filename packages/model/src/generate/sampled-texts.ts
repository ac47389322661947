import { createChooser } from './chooser';
import { type Decoding, readNumbers } from './decoding';
import type { Continuation, Row } from './request';
import type { TokenSamplerOptions } from './sampler-options';
import { startSession } from './session';
import { ruledText } from './token-rules';

/** A text that grows on its own. */
interface Growing {
  readonly row: Row;
  readonly caption: number;
  readonly tokens: number[];
  readonly logProbs: number[];
  finished: boolean;
  /** It ended, or has as many tokens as it may have. */
  closed: boolean;
}

/** Greedy and sampled texts: for each row its captions. */
export async function sampledTexts(
  { model, rows, batch, plan, rules }: Decoding,
  sampler: TokenSamplerOptions,
): Promise<Continuation[][]> {
  const { vocabSize, tokens: special } = model.config;
  const { captions, onToken } = plan;
  const { reduce, choose } = createChooser(sampler, rules, vocabSize);
  const texts = rows.flatMap(row => Array.from({ length: captions }, (_, i) => growing(row, i)));
  const maxLength = Math.max(...rows.map(({ limit }) => limit));
  const session = startSession(model, batch, { maxLength, copies: captions, reduce });
  try {
    let numbers = await readNumbers(session.first());
    for (let step = 0; ; step++) {
      const next = texts.map((text, slot) => {
        if (text.closed) return special.pad;
        const { row, caption, tokens, logProbs } = text;
        const context = {
          text: rules ? ruledText(model.config, row.prompt, tokens) : [],
          newTokens: tokens.length,
        };
        const { token, logProb } = choose(numbers, slot, { row: row.id, caption, step }, context);
        logProbs.push(logProb);
        text.finished = token === special.eos;
        text.closed = text.finished || step + 1 >= row.limit;
        if (!text.finished) {
          tokens.push(token);
          onToken?.(row.index, Int32Array.from(tokens), caption);
        }
        return token;
      });
      if (texts.every(({ closed }) => closed)) break;
      numbers = await readNumbers(session.next(next));
    }
  } finally {
    session.dispose();
  }
  return rows.map((_, b) => texts.slice(b * captions, (b + 1) * captions).map(continuation));
}

function growing(row: Row, caption: number): Growing {
  return { row, caption, tokens: [], logProbs: [], finished: false, closed: false };
}

function continuation({ row, tokens, logProbs, finished }: Growing): Continuation {
  return {
    row: row.index,
    tokens: Int32Array.from(tokens),
    tokenLogProbs: Float32Array.from(logProbs),
    logProb: logProbs.reduce((sum, logProb) => sum + logProb, 0),
    finished,
  };
}
