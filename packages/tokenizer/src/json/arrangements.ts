import { SPACE } from '../vocabulary';
import { fromBase64 } from './base64';
import { booleanOf, type JsonObject, objectOf, stepsOf, textOf, unsupported, unusable } from './json-value';

/** What normalizer, pre_tokenizer and decoder together amount to. */
export interface Arrangement {
  readonly charMap: Uint8Array;
  readonly addDummyPrefix: boolean;
  readonly removeExtraWhitespaces: boolean;
  readonly escapeWhitespaces: boolean;
  /** Text is cut before every space, so that no piece can go over one. */
  readonly cutsAtSpaces: boolean;
  /** The normalizer itself adds the prefix, to added tokens with `normalized` too. */
  readonly prependsInNormalizer: boolean;
  /** Byte pieces are decoded as bytes. */
  readonly decodesBytes: boolean;
}

/** Patterns of the writer, in syntax that means the same to Oniguruma and JavaScript: spaces at the two ends of a text. */
export const TRIM_START = '(?<![\\s\\S]) +';
export const TRIM_END = ` +(?![\\s\\S])`;
export const TRIM_END_AND_MARKS = '[ \u2581]+(?![\\s\\S])';
export const COLLAPSE = ' {2,}';

/** No known arrangement has more steps; so many are named in a message. */
const SHOWN_STEPS = 6;

/** What a `Replace` of the normalizer does, by its pattern and what it puts there. */
function replacementWord(step: JsonObject): string | undefined {
  const words = new Map([
    [`String: >${SPACE}`, 'escape'],
    [`Regex:${COLLAPSE}> `, 'collapse'],
    [`Regex:${COLLAPSE}>${SPACE}`, 'collapse'],
    [`Regex:${TRIM_START}>`, 'trim-start'],
    [`Regex:${TRIM_END}>`, 'trim-end'],
    [`Regex:${TRIM_END_AND_MARKS}>`, 'trim-marks'],
  ]);
  return words.get(replacement(step));
}

/**
 * Known arrangements, each step as a word, normalizer | pre_tokenizer, with the settings that they come from: addDummyPrefix,
 * removeExtraWhitespaces.
 */
const arrangements: readonly (readonly [RegExp, boolean, boolean])[] = [
  // SpmConverter (T5, mBART, Pegasus, NLLB, …) and DeBERTa's; the last form is the writer's.
  [/^(strip )?(map )?(strip-right )?collapse (trim-marks )?\| (always|first)$/, true, true],
  // T5, XLM-R, Pegasus: words, each with its own space.
  [/^(strip )?(map )?(strip-right )?(collapse )?\| words always$/, true, true],
  [/^(map )?blank collapse (trim-marks escape \|( cut)?|trim-end \|)$/, true, true],
  [/^(map )?trim-start collapse (trim-marks escape \|( cut)?|trim-end \|)$/, false, true],
  [/^(strip )(map )?collapse \| never$/, false, true],
  // Llama; with Metaspace the newer one, which gives a text with a space at its beginning no second one.
  [/^(map )?((mark|blank) escape \|( cut)?|blank \|)$/, true, false],
  [/^(map )?(escape )?\| (always|first)$/, true, false],
  // Gemma, whose pre_tokenizer looks for spaces where none are left.
  [/^(map )?(escape \|( cut)?|(escape )?\| never|\|)$/, false, false],
];

/** @throws TokenizerError that names the first step or the arrangement that is not known */
export function readArrangement(file: JsonObject): Arrangement {
  const normalizer = stepsOf(file.normalizer, 'normalizer', 'normalizers');
  const preTokenizer = stepsOf(file.pre_tokenizer, 'pre_tokenizer', 'pretokenizers');
  const words = [...normalizer.map(normalizerWord), '|', ...preTokenizer.map(preTokenizerWord)];
  const form = words.join(' ');
  const known = arrangements.find(([pattern]) => pattern.test(form));
  if (known === undefined) {
    const names = [normalizer, preTokenizer].map(
      steps =>
        steps
          .slice(0, SHOWN_STEPS)
          .map(({ type }) => type)
          .join(' + ') || 'null',
    );
    throw unusable(
      `no SentencePiece model has the normalizer ${names[0]} with the pre_tokenizer ${names[1]} in these settings (only the arrangements of transformers' SentencePiece converters are supported)`,
    );
  }
  const [, addDummyPrefix, removeExtraWhitespaces] = known;
  const map = normalizer.find(({ type }) => type === 'Precompiled');
  const escapeWhitespaces = /escape|always|first|never/.test(form);
  const { strips, decodesBytes } = readDecoder(file);
  if (strips !== (addDummyPrefix && escapeWhitespaces) && !(strips && removeExtraWhitespaces))
    throw unusable(
      `the decoder ${strips ? 'removes a space that encoding does not add' : 'keeps the space that encoding adds'}`,
    );
  return {
    charMap: map ? fromBase64(textOf(map.precompiled_charsmap, 'precompiled_charsmap')) : new Uint8Array(0),
    addDummyPrefix,
    removeExtraWhitespaces,
    escapeWhitespaces,
    cutsAtSpaces: preTokenizer.some(
      ({ type, split }) => /^W/.test(`${type}`) || (type === 'Metaspace' && split !== false),
    ),
    prependsInNormalizer: /mark |blank /.test(form),
    decodesBytes,
  };
}

function normalizerWord(step: JsonObject): string {
  if (step.type === 'Precompiled') return 'map';
  if (step.type === 'Strip' && step.strip_right === true)
    return step.strip_left === true ? 'strip' : 'strip-right';
  if (step.type === 'Prepend' && step.prepend === SPACE) return 'mark';
  if (step.type === 'Prepend' && step.prepend === ' ') return 'blank';
  const replaced = step.type === 'Replace' ? replacementWord(step) : undefined;
  if (replaced !== undefined) return replaced;
  throw unsupported('normalizer', step, 'Precompiled, and Strip, Prepend and Replace of spaces');
}

function preTokenizerWord(step: JsonObject): string {
  if (step.type === 'WhitespaceSplit') return 'words';
  if (step.type === 'Metaspace') return prependScheme(step, 'pre_tokenizer');
  if (step.type === 'Split' && step.behavior === 'MergedWithPrevious' && step.invert !== true)
    if (replacement(step) === 'String: >') return 'cut';
  throw unsupported('pre_tokenizer', step, 'Metaspace, WhitespaceSplit before it, and Split at a space');
}

function replacement({ pattern, content = '' }: JsonObject): string {
  const [kind, text] = Object.entries(objectOf(pattern, 'the pattern of a step'))[0] ?? [];
  return typeof text === 'string' && typeof content === 'string' ? `${kind}:${text}>${content}` : '';
}

function prependScheme(step: JsonObject, name: string): string {
  if (step.replacement !== SPACE) throw unsupported(`the replacement of ${name}`, step, 'U+2581');
  booleanOf(step.split, `split of ${name}`, true);
  const prefix = booleanOf(
    step.add_prefix_space,
    `add_prefix_space of ${name}`,
    step.prepend_scheme !== 'never',
  );
  const scheme = step.prepend_scheme ?? (prefix ? 'always' : 'never');
  if (!['always', 'first', 'never'].includes(scheme as string) || (!prefix && scheme !== 'never'))
    throw unusable(`${name} Metaspace has no usable prepend_scheme (only always, first and never)`);
  return scheme as string;
}

/** Whether the decoder takes off the first space, and whether it joins bytes. */
function readDecoder(file: JsonObject): { strips: boolean; decodesBytes: boolean } {
  const form = stepsOf(file.decoder, 'decoder', 'decoders').map(decoderWord).join(' ');
  if (!/^(metaspace|metaspace-never|unescape|unescape (bytes )?fuse( strip)?)$/.test(form))
    throw unusable(
      `the decoder ${form.slice(0, 60) || 'null'} is not supported (only Metaspace, or Replace U+2581, ByteFallback, Fuse and Strip in this order)`,
    );
  return { strips: /strip|metaspace$/.test(form), decodesBytes: form.includes('bytes') };
}

function decoderWord(step: JsonObject): string {
  if (step.type === 'Metaspace')
    return prependScheme(step, 'decoder') === 'never' ? 'metaspace-never' : 'metaspace';
  if (step.type === 'ByteFallback') return 'bytes';
  if (step.type === 'Fuse') return 'fuse';
  if (step.type === 'Replace' && replacement(step) === `String:${SPACE}> `) return 'unescape';
  if (step.type === 'Strip' && step.content === ' ' && step.start === 1 && step.stop === 0) return 'strip';
  throw unsupported('decoder', step, 'Metaspace, Replace U+2581, ByteFallback, Fuse and Strip of one space');
}
