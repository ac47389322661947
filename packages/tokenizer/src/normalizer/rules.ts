/**
 * The normalisation rules of SentencePiece by name:
 * - `nfkc`: Unicode's NFKC.
 * - `nmt_nfkc`: NFKC that also makes white space of what stands for it, drops control characters and keeps
 *   U+FF5E.
 * - `nfkc_cf`, `nmt_nfkc_cf`: the same, then simple case folding.
 * - `identity`: text stays as it is.
 */
export type NormalizationRule = 'nmt_nfkc' | 'nfkc' | 'nmt_nfkc_cf' | 'nfkc_cf' | 'identity';

/** Every rule; the first one is SentencePiece's default. */
export const normalizationRules: readonly NormalizationRule[] = [
  'nmt_nfkc',
  'nfkc',
  'nmt_nfkc_cf',
  'nfkc_cf',
  'identity',
];

/**
 * The character map of a rule, from → to, in no particular order; empty for `identity`. A source is one to
 * four characters, a target none or more. At each position of a text the longest source that matches is
 * replaced, and what was written is not read again.
 *
 * Characters are those of the Unicode version that the JavaScript engine knows: newer characters than those
 * known to the SentencePiece that trained a model have rules here and none there.
 *
 * Makes some 225,000 entries, most of them spellings of Hangul syllables, in a fraction of a second: keep the
 * result.
 *
 * Source: `Builder` in SentencePiece 0.1.97, whose maps these are; see Unicode Standard Annex 15 and
 * CaseFolding.txt.
 */
export function characterRules(rule: NormalizationRule): Map<string, string> {
  const rules = new Map<string, string>();
  if (rule === 'identity') return rules;
  const forms = readForms();
  for (const [character, { nfkc }] of forms) if (nfkc !== character) rules.set(character, nfkc);
  if (rule.startsWith('nmt')) applyTranslationRules(rules);
  const folds = rule.endsWith('cf');
  if (folds) applyCaseFolding(rules);
  addSequences(rules, forms, folds ? foldText : text => text);
  return rules;
}

interface Forms {
  nfkc: string;
  nfkd: string;
}

/**
 * The characters that NFKD changes. They hold all that NFKC changes: composing has nothing to do on a single
 * character.
 */
function readForms(): Map<string, Forms> {
  const forms = new Map<string, Forms>();
  for (const block of blocks()) {
    // Most blocks hold nothing that changes, and normalising a whole block to learn that is quick. A block of
    // marks alone may change by reordering: its characters are then looked at in vain.
    if (block.normalize('NFKD') === block) continue;
    for (const character of block) {
      const nfkd = character.normalize('NFKD');
      if (nfkd !== character) forms.set(character, { nfkc: character.normalize('NFKC'), nfkd });
    }
  }
  return forms;
}

/**
 * All code points in order. Surrogates and noncharacters need no care: no normal form and no folding changes
 * them.
 */
function* blocks(): Generator<string> {
  const size = 64;
  const codes = new Array<number>(size);
  for (let start = 0; start <= 0x10ffff; start += size) {
    for (let i = 0; i < size; i++) codes[i] = start + i;
    yield String.fromCodePoint(...codes);
  }
}

/**
 * What SentencePiece adds for machine translation: line ends, marks without width, U+2581 (its own sign for a
 * space) and U+FFFD become a space; control characters vanish. The full-width tilde U+FF5E stays: Japanese
 * uses it otherwise than U+007E.
 */
function applyTranslationRules(rules: Map<string, string>): void {
  for (const space of '\t\n\f\r\u1680\u200b\u200c\u200e\u200f\u2028\u2029\u2581\ufeff\ufffd')
    rules.set(space, ' ');
  for (let code = 1; code < 0x20; code++) {
    const control = String.fromCharCode(code);
    if (!rules.has(control)) rules.set(control, '');
  }
  for (const control of '\x7f\x8f\x9f') rules.set(control, '');
  rules.delete('\uff5e');
}

/**
 * Folds what the rules for single characters write, and gives a rule to each character that has none and
 * folds.
 */
function applyCaseFolding(rules: Map<string, string>): void {
  for (const [from, to] of rules) rules.set(from, foldText(to));
  for (const block of blocks()) {
    for (const character of block.match(/\p{Changes_When_Casefolded}/gu) ?? []) {
      const folded = foldCharacter(character);
      if (folded !== character && !rules.has(character)) rules.set(character, folded);
    }
  }
}

function foldText(text: string): string {
  return text.replace(/\p{Changes_When_Casefolded}/gu, foldCharacter);
}

/**
 * Simple case folding (statuses C and S of CaseFolding.txt) of a character that Unicode calls
 * Changes_When_Casefolded. It is the lower case of the upper case (ς → σ, ſ → s, µ → μ); where that is no
 * single character, the lower case (ẞ → ß, ᾈ → ᾀ); and the upper case for Cherokee alone, whose small letters
 * came to Unicode later. İ, ß, ŉ and their like stay: they have only a full folding, to more than one
 * character. The property keeps ı and the Cherokee capitals away.
 */
function foldCharacter(character: string): string {
  const upper = character.toUpperCase();
  for (const candidate of [upper.toLowerCase(), character.toLowerCase(), upper])
    if (candidate !== character && [...candidate].length === 1) return candidate;
  return character;
}

/**
 * Adds the sequences that compose. Rules for single characters see no neighbour; so each decomposition that
 * NFC shortens, in every spelling of one character for each of its own (カ ゙, ｶ ゙, ㋕ ﾞ …), becomes a source of
 * its own, unless the rules for shorter sources write the same already.
 *
 * Sorting those out once, at the end, leaves the rules that SentencePiece keeps by doing so before and after
 * each of its steps: folding keeps equal what was equal, and the translation rules touch no character of
 * these sequences.
 */
function addSequences(
  rules: Map<string, string>,
  forms: ReadonlyMap<string, Forms>,
  fold: (text: string) => string,
): void {
  const spellings = new Map<string, string[]>();
  const decompositions = new Set<string>();
  for (const [character, { nfkd }] of forms) {
    if ([...nfkd].length > 1) decompositions.add(nfkd);
    else if (spellings.has(nfkd)) spellings.get(nfkd)!.push(character);
    else spellings.set(nfkd, [nfkd, character]);
  }
  const composing = [...decompositions]
    .map(text => ({ characters: [...text], text, target: text.normalize('NFC') }))
    .filter(({ text, target }) => target !== text)
    // A rule is tried against all shorter ones.
    .sort((a, b) => a.characters.length - b.characters.length);
  for (const { characters, target } of composing) {
    const folded = fold(target);
    for (const source of product(characters.map(character => spellings.get(character) ?? [character])))
      if (!writes(rules, source, folded)) rules.set(source, folded);
  }
}

/** Every way to write one text of each list after the other. */
function product(lists: readonly (readonly string[])[]): readonly string[] {
  return lists.reduce((heads, tails) => heads.flatMap(head => tails.map(tail => head + tail)));
}

/**
 * Whether the rules, the longest source first at each position, already make `target` of `text`, which is no
 * source yet.
 */
function writes(rules: ReadonlyMap<string, string>, text: string, target: string): boolean {
  let written = 0;
  for (let start = 0; start < text.length; ) {
    let end = text.length;
    let piece: string | undefined;
    while (end > start && (piece = rules.get(text.slice(start, end))) === undefined) end--;
    if (piece === undefined) {
      piece = String.fromCodePoint(text.codePointAt(start)!);
      end = start + piece.length;
    }
    if (!target.startsWith(piece, written)) return false;
    written += piece.length;
    start = end;
  }
  return written === target.length;
}
