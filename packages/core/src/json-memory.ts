/**
 * What V8 allocates for each character that is no part of a string, about: an object, a list, a key, a value with its place, and a number
 * that is not whole.
 */
const COST = { object: 56, list: 48, key: 96, value: 24, fraction: 16 } as const;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** A text may become so many times its own length. */
const MAX_GROWTH = 10;
/** So many bytes it may become in any case. */
const ALWAYS = 64 * 2 ** 20;

/**
 * Whether `JSON.parse` of this text would take far more memory than the text is long. A list of empty objects takes more than
 * twenty times as much; a tokenizer.json, the largest JSON that is read here, about five times.
 */
export function outgrowsItsText(json: string): boolean {
  if (json.length * COST.key <= ALWAYS) return false;
  return bytesWhenParsed(json) > Math.max(ALWAYS, MAX_GROWTH * json.length);
}

/** An estimate, without parsing. What is no JSON gives some number, too. */
function bytesWhenParsed(json: string): number {
  // The characters of strings, and of numbers.
  let bytes = json.length;
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) at = closingQuote(json, at);
    else bytes += costOf(code);
  }
  return bytes;
}

function costOf(code: number): number {
  switch (code) {
    case 0x7b: // {
      return COST.object;
    case 0x5b: // [
      return COST.list;
    case 0x3a: // :
      return COST.key;
    case 0x2c: // ,
      return COST.value;
    case 0x2e: // .
    case 0x45: // E
    case 0x65: // e
      return COST.fraction;
    default:
      return 0;
  }
}

function closingQuote(json: string, open: number): number {
  let at = open + 1;
  for (; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) break;
    if (code === BACKSLASH) at++;
  }
  return at;
}
