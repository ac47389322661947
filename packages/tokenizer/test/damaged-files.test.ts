import { TokenizerError } from '@simvlm/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadTokenizer, tokenizerFiles } from '../src/index';
import { modelFiles, openModel } from './hugging-face';

const encoder = new TextEncoder();
const bytes = (text: string) => encoder.encode(text);
const bert = (vocab: string, config = '{}') =>
  new Map([
    ['vocab.txt', bytes(vocab)],
    ['tokenizer_config.json', bytes(config)],
  ]);
const gpt2 = (vocab: unknown, merges: string, config = '{}') =>
  new Map([
    ['vocab.json', bytes(JSON.stringify(vocab))],
    ['merges.txt', bytes(merges)],
    ['tokenizer_config.json', bytes(config)],
  ]);
const letters = { a: 0, b: 1, ab: 2, '<|endoftext|>': 3 };

const parsed = (name: string) =>
  JSON.parse(new TextDecoder().decode(tokenizerFiles(openModel(name)).get('tokenizer.json')));

/** A tokenizer.json of the fixtures in which one thing is changed. */
function changed(name: string, change: (file: ReturnType<typeof parsed>) => void): Uint8Array {
  const file = parsed(name);
  change(file);
  return bytes(JSON.stringify(file));
}

describe('an error says which file, and where in it', () => {
  it.each<[string, Uint8Array | ReadonlyMap<string, Uint8Array>]>([
    ['vocab.txt:3: the piece "a" stands in line 2 already', bert('[UNK]\na\na\n')],
    ['vocab.txt:2: the piece is empty', bert('[UNK]\n \nb\n')],
    ['vocab.txt:2: the piece has a zero byte', bert('[UNK]\na\0\n')],
    ['vocab.txt:2: not UTF-8', new Map([['vocab.txt', Uint8Array.from([0x41, 0x0a, 0xff, 0x0a])]])],
    ['vocab.txt: the unknown token "[UNK]" is no line of it', bert('a\nb\n')],
    ['vocab.txt: the unknown token "x" is no line of it', bert('a\nb\n', '{"unk_token": "x"}')],
    ['tokenizer_config.json: not JSON', bert('[UNK]\n', '{')],
    [
      'tokenizer_config.json: "do_lower_case" is number instead of true or false',
      bert('[UNK]\n', '{"do_lower_case": 1}'),
    ],
    [
      'tokenizer_config.json: "unk_token" is number instead of an object',
      bert('[UNK]\n', '{"unk_token": 1}'),
    ],
    ['tokenizer_config.json: "unk_token" has no content', bert('[UNK]\n', '{"unk_token": {}}')],
    ['tokenizer_config.json: the pad token "[P]" is no piece', bert('[UNK]\n', '{"pad_token": "[P]"}')],
    [
      'tokenizer_config.json: "added_tokens_decoder.x" is no id',
      bert('[UNK]\n', '{"added_tokens_decoder": {"x": {"content": "y"}}}'),
    ],
    [
      'the added token "y" has the id 7, but no piece has the id 1',
      bert('[UNK]\n', '{"added_tokens_decoder": {"7": {"content": "y"}}}'),
    ],
    ['vocab.json: not JSON', new Map([...gpt2({}, ''), ['vocab.json', bytes('{')]])],
    ['vocab.json: no piece has the id 1', gpt2({ a: 0, b: 2 }, '')],
    ['vocab.json: two pieces have the id 0', gpt2({ a: 0, b: 0 }, '')],
    ['vocab.json: the id of "a" is no whole number', gpt2({ a: -1 }, '')],
    ['vocab.json: the vocabulary is no object', gpt2([], '')],
    ['merges.txt:2: "ab" is not two pieces with a space between', gpt2(letters, '#version: 0.2\nab\n')],
    ['merges.txt:1: "c" is no piece of vocab.json', gpt2(letters, 'a c\n')],
    ['merges.txt:1: it makes "ba", which is no piece of vocab.json', gpt2(letters, 'b a\n')],
    ['merges.txt:3: the merge "a b" stands twice', gpt2(letters, '#version: 0.2\na b\na b\n')],
    ['merges.txt is missing', new Map([['vocab.json', bytes('{}')]])],
    ['vocab.json is missing', new Map([['merges.txt', bytes('')]])],
    ['there is no tokenizer: no tokenizer.json', new Map([['README.md', bytes('')]])],
    ['it has no model; a vocab.json is read together with its merges.txt', bytes('{"a": 0}')],
    [
      'pre_tokenizer Split is not supported',
      changed('gpt2.json', f => (f.pre_tokenizer = { type: 'Split' })),
    ],
    ['pre_tokenizer.use_regex is false', changed('gpt2.json', f => (f.pre_tokenizer.use_regex = false))],
    ['normalizer NFC is not supported', changed('gpt2.json', f => (f.normalizer = { type: 'NFC' }))],
    ['decoder Fuse is not supported', changed('gpt2.json', f => (f.decoder = { type: 'Fuse' }))],
    ['model.dropout is not supported', changed('gpt2.json', f => (f.model.dropout = 0.1))],
    ['model.ignore_merges is not supported', changed('gpt2.json', f => (f.model.ignore_merges = true))],
    ['merge 0 is no pair', changed('gpt2.json', f => (f.model.merges[0] = ['a']))],
    ['merge 0 has "!?", which is no piece', changed('gpt2.json', f => (f.model.merges[0] = ['!?', 'a']))],
    ['merge 1 of', changed('gpt2.json', f => (f.model.merges[1] = f.model.merges[0]))],
    ['model.vocab: no piece has the id 5', changed('gpt2.json', f => (f.model.vocab['%'] = 1e9))],
    [
      'normalizer Lowercase is not supported',
      changed('bert.json', f => (f.normalizer = { type: 'Lowercase' })),
    ],
    ['the pre_tokenizer null is not supported', changed('bert.json', f => (f.pre_tokenizer = null))],
    ['decoder.prefix is not "##"', changed('bert.json', f => (f.decoder.prefix = '@@'))],
    ['model.unk_token is no piece', changed('bert.json', f => (f.model.unk_token = 'nothing'))],
    [
      'model.max_input_chars_per_word is no',
      changed('bert.json', f => (f.model.max_input_chars_per_word = 0.5)),
    ],
    [
      'the added token "TAG" has normalized, which is not supported for WordPiece',
      changed('bert.json', f => (f.added_tokens[5].normalized = true)),
    ],
    [
      'the id 0 of the added token "x" is that of',
      changed('bert.json', f => f.added_tokens.push({ id: 0, content: 'x', normalized: false })),
    ],
  ])('%s', (message, source) => {
    expect(messageOf(() => loadTokenizer(source))).toContain(message);
  });
});

it('a vocabulary that is cut, doubled or changed anywhere gives a TokenizerError or a tokenizer that works', () => {
  for (const name of ['bert-uncased', 'gpt2'])
    for (const file of name === 'gpt2'
      ? ['vocab.json', 'merges.txt']
      : ['vocab.txt', 'tokenizer_config.json']) {
      const files = modelFiles(name);
      const whole = files.get(file)!.slice(0, 3000);
      const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255), fc.constantFrom('set', 'cut', 'insert'));
      fc.assert(
        fc.property(
          fc.array(change, { minLength: 1, maxLength: 4 }),
          fc.string({ unit: 'binary' }),
          (changes, text) => {
            let damaged = [...whole];
            for (const [at, byte, way] of changes)
              if (way === 'set') damaged[at] = byte;
              else if (way === 'cut') damaged = damaged.slice(0, at);
              else damaged.splice(at, 0, byte);
            files.set(
              file,
              Uint8Array.from(damaged, byte => byte ?? 0),
            );
            usable(() => {
              const tokenizer = loadTokenizer(files);
              tokenizer.decode(tokenizer.encode(text));
            });
          },
        ),
        { numRuns: 40 },
      );
    }
});

it('a tokenizer.json with anything in any place gives a TokenizerError or a tokenizer that works', () => {
  const values = fc.oneof(
    fc.constantFrom(null, [], {}, '', '\udc00', -1, 1e300, 0.5, true, '__proto__', 'constructor', [[]]),
    fc.jsonValue({ maxDepth: 2 }),
  );
  // Small ones, so that most of their places are settings.
  const small = [bert('[PAD]\n[UNK]\n[CLS]\n[SEP]\na\n##b\nab\n'), gpt2(letters, 'a b\n')].map(files =>
    new TextDecoder().decode(tokenizerFiles(loadTokenizer(files)).get('tokenizer.json')),
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...small),
      fc.array(fc.nat(1000), { minLength: 1, maxLength: 6 }),
      values,
      (text, way, value) => {
        const file = JSON.parse(text);
        let place = file;
        for (const step of way.slice(0, -1)) {
          const keys = Object.keys(place).filter(
            key => typeof place[key] === 'object' && place[key] !== null,
          );
          if (keys.length > 0) place = place[keys[step % keys.length]!];
        }
        const keys = Object.keys(place);
        if (keys.length > 0) place[keys[way.at(-1)! % keys.length]!] = value;
        usable(() => {
          const tokenizer = loadTokenizer(bytes(JSON.stringify(file)));
          tokenizer.decode(tokenizer.encode('ab [CLS] <|endoftext|> ba'));
        });
      },
    ),
    { numRuns: 400 },
  );
});

describe('whatever the text', () => {
  it('byte-level BPE gives it back', () => {
    const tokenizer = openModel('gpt2');
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), text => {
        expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
      }),
    );
  });

  it.each(['gpt2', 'gpt2.json', 'bert-uncased', 'bert-accents'])(
    '%s decodes as a stream what it decodes at once',
    name => {
      const tokenizer = openModel(name);
      fc.assert(
        fc.property(fc.array(fc.nat(tokenizer.vocabSize - 1)), ids => {
          const stream = tokenizer.decodeStream();
          const text = ids.map(id => stream.push(id)).join('') + stream.end();
          expect(text).toBe(tokenizer.decode(ids));
          // It is as new.
          expect(ids.map(id => stream.push(id)).join('') + stream.end()).toBe(text);
        }),
      );
    },
  );

  it.each(['gpt2', 'bert-uncased', 'bert-cased', 'bert.json'])(
    '%s gives a word the same ids when it meets it again',
    name => {
      const tokenizer = openModel(name);
      fc.assert(
        fc.property(fc.string({ unit: 'binary', maxLength: 80 }), text => {
          expect(tokenizer.encode(text)).toEqual(openModel(name).encode(text));
          expect(tokenizer.encode(text)).toEqual(tokenizer.encode(text));
        }),
        { numRuns: 20 },
      );
    },
  );
});

it('ids and pieces that there are none of are an error', () => {
  for (const name of ['gpt2', 'bert-cased']) {
    const tokenizer = openModel(name);
    for (const id of [-1, tokenizer.vocabSize, 0.5])
      for (const action of [
        () => tokenizer.decode([id]),
        () => tokenizer.pieceOf(id),
        () => tokenizer.beginsWord(id),
      ])
        expect(messageOf(action)).toContain(`id ${id} is outside the vocabulary`);
    expect(messageOf(() => tokenizer.decodePieces(['nothing like it']))).toContain(
      '"nothing like it" is no piece',
    );
  }
});

/** Runs what may throw a TokenizerError, and nothing else. */
function usable(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof TokenizerError)) throw error;
  }
}

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof TokenizerError) return error.message;
    throw error;
  }
  return 'nothing is wrong';
}
