/**
 * What a terminal acts on instead of showing it: control characters (C0, DEL, C1), line and paragraph separators, and marks that turn the
 * direction of the text around them. Joiners of emoji are not among them.
 */
const UNSAFE = /[\p{Cc}\u2028\u2029\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu;

const NAMES: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

/**
 * The text in one line that a terminal shows and does not obey: what is in a file's name or a caption may come from anyone. Unsafe
 * characters become `\n`, `\r`, `\t` or `\u001b`, so that JSON means the same as before.
 */
export function printable(text: string): string {
  return text.replace(
    UNSAFE,
    character => NAMES.get(character) ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
