import { describe, expect, it } from 'vitest';
import { ANY_SCRIPT, joinedScript, scriptOf } from './script';

/** Whether a piece may hold all these characters. */
function together(text: string): boolean {
  const scripts = Array.from(text, scriptOf);
  return (
    scripts.reduce((script, next) => (script < 0 ? script : joinedScript(script, next)), ANY_SCRIPT) >= 0
  );
}

describe('what a piece may hold', () => {
  it.each([
    [
      'letters of one script',
      ['straße', 'слово', 'λέξη', 'שלום', 'كلمة', 'हिन्दी', '한국어', 'คำ', 'ქართული'],
    ],
    [
      'Chinese characters and both Japanese syllabaries',
      ['漢字', 'ひらがな', 'カタカナ', '食べる', '東京タワー', '々あ〇'],
    ],
    ['the Japanese long vowel sign beside either syllabary', ['コーヒー', 'らーめん', 'ー一']],
    [
      'combining marks with what they stand on',
      ['e\u0301a', 'и\u0306', '\u0301a', 'か\u3099', '1\u0301', '\u0301\u0308'],
    ],
    ['the space before anything', ['▁a', '▁я', '▁漢', '▁1', '▁!', '▁▁', '▁\u0301', '▁😀']],
    [
      'digits, punctuation and symbols with each other',
      ['12:30', '3.14', '...', '50%', '—“', '😀😀', '（１）', '$1'],
    ],
    ['letters of scripts that have no number of their own', ['ᜀᜁ', '𐍈𐌰', 'ꦲꦏ']],
  ])('%s', (_, texts) => {
    for (const text of texts) expect([text, together(text)]).toEqual([text, true]);
  });

  it.each([
    ['a letter and a digit', ['a1', '1a', '漢1', 'я2', '▁a1', 'a\u03011', '한1']],
    ['a letter and punctuation', ['a.', "'s", 'a-b', '漢。', 'ー。', 'a😀']],
    ['letters of two scripts', ['aя', 'aα', 'a漢', '한漢', 'あ한', 'אك', 'ก漢', 'a▁я', 'aᜀ']],
    ['the Japanese long vowel sign and another script', ['aー', '한ー', '1ー']],
  ])('not %s', (_, texts) => {
    for (const text of texts) expect([text, together(text)]).toEqual([text, false]);
  });

  it('does not depend on the order in which its parts were joined', () => {
    const scripts = [...'aя漢カー1!▁\u0301😀ᜀ'].map(scriptOf);
    const join = (left: number, right: number) => (left < 0 || right < 0 ? -1 : joinedScript(left, right));
    for (const a of scripts)
      for (const b of scripts)
        for (const c of scripts) {
          expect(join(join(a, b), c)).toBe(join(a, join(b, c)));
          expect(join(a, b)).toBe(join(b, a));
        }
  });
});
