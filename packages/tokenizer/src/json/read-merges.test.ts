import { Tokenizer } from '@huggingface/tokenizers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SentencePieceTokenizer } from '../tokenizer';
import { readTokenizerJson } from './read-tokenizer-json';
import { arranged, fused } from './test-files';

describe('merges in any order', () => {
  // New pieces of two that are there, then everything shuffled: most such lists are nothing that SentencePiece could do.
  const grown = fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: 1, maxLength: 9 }).chain(pairs => {
    const texts = ['a', 'b'];
    const merges = pairs.map(([i, j]) => {
      const pair: [string, string] = [texts[i % texts.length]!, texts[j % texts.length]!];
      texts.push(pair.join(''));
      return pair;
    });
    const unique = [...new Map(merges.map(pair => [pair.join(' '), pair])).values()];
    return fc.tuple(
      fc.constant([...new Set(texts)]),
      fc.oneof(fc.constant(unique), fc.shuffledSubarray(unique, { minLength: unique.length })),
    );
  });
  const text = fc.string({ unit: fc.constantFrom('a', 'a', 'b', 'b', 'x'), minLength: 1, maxLength: 24 });

  it('are refused, or give the ids of Hugging Face on every text', () => {
    let accepted = 0;
    fc.assert(
      fc.property(grown, fc.array(text, { minLength: 20, maxLength: 20 }), ([texts, merges], lines) => {
        const file = arranged([], [], fused);
        const vocab = Object.fromEntries(['<unk>', ...texts].map((piece, id) => [piece, id]));
        const json = {
          ...file,
          added_tokens: [],
          normalizer: null,
          pre_tokenizer: null,
          model: { type: 'BPE', unk_token: '<unk>', fuse_unk: true, vocab, merges },
        };
        let ours: SentencePieceTokenizer;
        try {
          ours = new SentencePieceTokenizer(readTokenizerJson(JSON.stringify(json)));
        } catch (error) {
          expect(String(error)).toContain('no merge joins');
          return;
        }
        accepted++;
        const theirs = new Tokenizer(json, {});
        for (const line of lines) expect([...ours.encode(line)]).toEqual(theirs.encode(line).ids);
      }),
      { numRuns: 1000 },
    );
    expect(accepted).toBeGreaterThan(200);
  });
});
