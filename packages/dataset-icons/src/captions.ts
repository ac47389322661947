import type { IconSet } from './icon-sets';

/** Styles that some sets write at the end of names without saying so. Words that also mean something, such as `light`, are not among them. */
const STYLE = /-(outlined?|filled|fill|solid|duotone|twotone|two-tone|linear|24px|\d\dpx)$/;

/** Names besides its own that an icon's captions come from. */
const MOST_ALIASES = 2;

/** Removes what only tells the style of an icon from its name: `heart-bold-duotone` and `heart-16-filled` are a `heart`. */
export function unstyled(
  name: string,
  { prefixes = {}, suffixes = {} }: Pick<IconSet, 'prefixes' | 'suffixes'>,
): string {
  let plain = name;
  const cut = (rest: string) => {
    if (rest !== '') plain = rest;
  };
  const longest = (styles: object) => Object.keys(styles).sort((a, b) => b.length - a.length);
  const suffix = longest(suffixes).find(style => style !== '' && plain.endsWith(`-${style}`));
  if (suffix !== undefined) cut(plain.slice(0, -suffix.length - 1));
  const prefix = longest(prefixes).find(style => style !== '' && plain.startsWith(`${style}-`));
  if (prefix !== undefined) cut(plain.slice(prefix.length + 1));
  while (STYLE.test(plain)) cut(plain.replace(STYLE, ''));
  return plain;
}

/**
 * A name as a caption: words with spaces, in lower case, without the number that tells variants of an icon apart. What icon sets write together
 * (`dropdown`), shorten (`alt`, `img`) or name by their use (`skip next`) stays as it is.
 *
 * @returns '' where no word of two letters is left
 */
export function captionOf(name: string): string {
  const words = name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
  const plain = words.replace(/ \d{1,2}$/, '').replace(/(\p{L}{4})\d{1,2}$/u, '$1');
  const caption = /\p{L}{2}/u.test(plain) ? plain : words;
  return /\p{L}{2}/u.test(caption) ? caption : '';
}

/** The captions of an icon, of which an epoch shows one: its name, its other names, its name with its category. */
export function captionsOf(name: string, aliases: readonly string[], category?: string): string[] {
  const own = captionOf(name);
  if (own === '') return [];
  const others = aliases.map(captionOf).filter(caption => caption !== '' && caption !== own);
  const kind = category === undefined ? '' : captionOf(category);
  return [
    ...new Set([
      own,
      ...others.slice(0, MOST_ALIASES),
      ...(kind !== '' && kind !== own ? [`${own}, ${kind}`] : []),
    ]),
  ];
}
