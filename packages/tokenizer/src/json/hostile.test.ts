import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SentencePieceTokenizer } from '../tokenizer';
import { readTokenizerJson } from './read-tokenizer-json';
import {
  arranged,
  bpe,
  bytes,
  collapse,
  map,
  messageOf,
  metaspace,
  stripRight,
  unigram,
  written,
} from './test-files';

describe('hostile files', () => {
  it('whatever is put where, the answer is a model or a TokenizerError', () => {
    const files = [
      unigram,
      { ...bpe, byteFallback: true, pieces: [...bpe.pieces, ...bytes.slice(1), bytes[0]!] },
    ].map(written);
    files.push(arranged([map, stripRight, collapse], [{ type: 'WhitespaceSplit' }, metaspace], [metaspace]));
    const template = {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: { id: '<s>' } }, { Sequence: {} }],
    };
    files[0].post_processor = { type: 'Sequence', processors: [template] };
    const values = fc.oneof(
      fc.constantFrom(null, [], {}, '', 'NaN', '\udc00', -1, 1e300, 0.5, true, '__proto__', 'constructor', [
        [],
      ]),
      fc.jsonValue({ maxDepth: 2 }),
    );
    fc.assert(
      fc.property(
        fc.nat(2),
        fc.array(fc.nat(1000), { minLength: 1, maxLength: 6 }),
        values,
        fc.boolean(),
        (which, path, value, drop) => {
          const file = structuredClone(files[which]);
          let parent: Record<string, unknown> = file;
          let key = Object.keys(parent)[path[0]! % Object.keys(parent).length]!;
          for (const step of path.slice(1)) {
            const child = parent[key];
            if (typeof child !== 'object' || child === null || Object.keys(child).length === 0) break;
            parent = child as Record<string, unknown>;
            key = Object.keys(parent)[step % Object.keys(parent).length]!;
          }
          if (drop) delete parent[key];
          else parent[key] = value;
          const message = messageOf(
            () => new SentencePieceTokenizer(readTokenizerJson(JSON.stringify(file))),
          );
          expect(message).not.toContain('\n');
          expect(message.length).toBeLessThan(400);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('deep nesting and long pieces take neither the stack nor long', () => {
    const deep = '{"type":"Sequence","normalizers":['.repeat(20_000) + ']}'.repeat(20_000);
    const file = JSON.stringify({ ...written(unigram), normalizer: 'here' }).replace('"here"', deep);
    expect(messageOf(() => readTokenizerJson(file))).toContain('normalizer Sequence is not supported');
    const { model, ...rest } = written(bpe);
    const long = 'ab'.repeat(100_000);
    const grown = { ...rest, model: { ...model, vocab: { ...model.vocab, [long]: bpe.pieces.length } } };
    expect(readTokenizerJson(JSON.stringify(grown)).pieces.at(-1)!.text).toBe(long);
  });
});
