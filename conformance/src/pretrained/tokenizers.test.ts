import { expect, test } from 'vitest';
import { openFixture, pretrainedNames, readExpected, readLines } from './fixture';

const known = pretrainedNames.filter(name => readExpected(name).tokenizer);

test('there is a tokenizer of each kind', () => expect(known).toEqual(['blip', 'git', 'vit-gpt2']));

test.each(known)('%s: ids of every line, and what they are decoded to', async name => {
  const { tokenizer } = await openFixture(name);
  const { tokenizer: ids, decoded } = readExpected(name);
  for (const [i, line] of readLines().entries()) {
    expect([...tokenizer.encode(line)], JSON.stringify(line)).toEqual(ids![i]);
    expect(tokenizer.decode(Int32Array.from(ids![i]!)), JSON.stringify(line)).toBe(decoded![i]);
  }
});

// Older folders have the vocabulary as text.
test.each(pretrainedNames)('%s: the text behind the logits has their ids', async name => {
  const { tokenizer } = await openFixture(name);
  const { text } = readExpected(name);
  expect([...tokenizer.encode('two dogs on the beach')]).toEqual(text);
});
