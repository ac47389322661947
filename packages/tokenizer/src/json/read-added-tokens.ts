import type { AddedToken } from '../subword/subword-model';
import { arrayOf, booleanOf, objectOf, shown, textOf, unusable } from './json-value';

/** The `added_tokens` of a file. */
export function readAddedTokens(value: unknown): AddedToken[] {
  return arrayOf(value ?? [], 'added_tokens').map(entry => {
    const token = objectOf(entry, 'an added token');
    return readAddedToken(token, token.id, 'an added token');
  });
}

/** @param name of the token in messages, as long as its content is not known */
function readAddedToken(value: unknown, id: unknown, name: string): AddedToken {
  const token = objectOf(value, name);
  const text = textOf(token.content, `the content of ${name}`);
  if (!Number.isInteger(id) || (id as number) < 0)
    throw unusable(`the id of ${shown(text)} is no whole number from 0 on`);
  const is = (flag: string, missing = false) => booleanOf(token[flag], `${flag} of ${shown(text)}`, missing);
  const special = is('special');
  return {
    id: id as number,
    text,
    special,
    singleWord: is('single_word'),
    stripLeft: is('lstrip'),
    stripRight: is('rstrip'),
    normalized: is('normalized', !special),
  };
}
