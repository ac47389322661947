/**
 * Fields of a record that comes line by line, as RFC 4180 and pandas have them: a quote opens at the beginning of a field only, `""` inside
 * is one, and a line end in quotes belongs to the field.
 */
export class RecordParser {
  readonly #delimiter: string;
  readonly #quote: string | undefined;
  #fields: string[] = [];
  #field = '';
  #isQuoted = false;

  /** @param quote undefined: quotes are characters like others */
  constructor(delimiter: string, quote: string | undefined) {
    this.#delimiter = delimiter;
    this.#quote = quote;
  }

  /** Whether a quote is open. */
  get isOpen(): boolean {
    return this.#isQuoted;
  }

  /** Characters of the field that is open. */
  get length(): number {
    return this.#field.length;
  }

  /** Takes a line without its "\n". @returns the fields, once they are complete */
  push(line: string): string[] | undefined {
    for (let at = 0; at < line.length; ) at = this.#isQuoted ? this.#quoted(line, at) : this.#plain(line, at);
    if (this.#isQuoted) {
      this.#field += '\n';
      return undefined;
    }
    const fields = [...this.#fields, this.#field];
    this.#fields = [];
    this.#field = '';
    return fields;
  }

  /** Reads up to the end of a field, or to a quote that opens. */
  #plain(line: string, at: number): number {
    const isStart = this.#field === '' && (at === 0 || line[at - 1] === this.#delimiter);
    if (isStart && this.#quote !== undefined && line[at] === this.#quote) {
      this.#isQuoted = true;
      return at + 1;
    }
    const end = line.indexOf(this.#delimiter, at);
    // A "\r" before the line's end belongs to it, unless it stands in quotes.
    if (end < 0) this.#field += line.slice(at).replace(/\r$/, '');
    if (end < 0) return line.length;
    this.#field += line.slice(at, end);
    this.#fields.push(this.#field);
    this.#field = '';
    return end + 1;
  }

  /** Reads up to the quote that closes, or to the end of the line. */
  #quoted(line: string, at: number): number {
    const end = line.indexOf(this.#quote!, at);
    this.#field += line.slice(at, end < 0 ? line.length : end);
    if (end < 0) return line.length;
    if (line[end + 1] === this.#quote) {
      this.#field += this.#quote;
      return end + 2;
    }
    this.#isQuoted = false;
    return end + 1;
  }
}
