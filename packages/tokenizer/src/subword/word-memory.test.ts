import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SLACK, toUtf8 } from '../utf8';
import { Ids } from './ids';
import { WordMemory } from './word-memory';

/** A word in the middle of a text, with what may be read behind it. */
function placed(word: string): { bytes: Uint8Array; begin: number; end: number } {
  const content = toUtf8(word);
  const bytes = new Uint8Array(content.length + 3 + SLACK).fill(0x78);
  bytes.set(content, 3);
  return { bytes, begin: 3, end: 3 + content.length };
}

/** The ids of a word, learnt with `made` where they are not remembered. */
function idsOf(memory: WordMemory, word: string, made: readonly number[]): { known: boolean; ids: number[] } {
  const { bytes, begin, end } = placed(word);
  const ids = new Ids();
  ids.push(-1);
  const known = memory.recall(bytes, begin, end, ids);
  if (!known) {
    for (const id of made) ids.push(id);
    memory.learn(bytes, begin, end, ids, 1);
  }
  return { known, ids: [...ids.list.slice(1, ids.count)] };
}

describe('words are remembered', () => {
  it('each with its ids, of any length, whatever stands around it', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', '\0', 'é', '東'), minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(word, fc.array(fc.nat(), { maxLength: 6 })), { maxLength: 300 }),
        entries => {
          const memory = new WordMemory();
          const expected = new Map<string, number[]>();
          for (const [text, made] of entries) {
            const { known, ids } = idsOf(memory, text, made);
            expect(ids).toEqual(expected.get(text) ?? made);
            expect(known).toBe(expected.has(text) && toUtf8(text).length <= 64);
            if (toUtf8(text).length <= 64 && !expected.has(text)) expected.set(text, made);
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it('up to 65,536, then all are forgotten', () => {
    const memory = new WordMemory();
    for (let word = 1; word < 65_536; word++) idsOf(memory, `${word}`, [word]);
    expect(idsOf(memory, '1', []).known).toBe(true);
    expect(idsOf(memory, '65535', []).known).toBe(true);
    idsOf(memory, 'the last', [0]);
    expect(idsOf(memory, '1', [7]).known).toBe(false);
    expect(idsOf(memory, '1', [])).toEqual({ known: true, ids: [7] });
  });
});
