/** What the model said of one picture of a folder. */
export interface CaptionRow {
  readonly image: string;
  readonly text: string;
  /** Σ log p of the caption, in nats. */
  readonly logProb: number;
  readonly unsure: boolean;
}

/** One JSON object a line, as `captions.jsonl` of a folder has them: it can be taught, or given to the command line. */
export function asJsonLines(rows: readonly CaptionRow[]): string {
  return rows.map(row => `${JSON.stringify(row)}\n`).join('');
}

/** A table with a header (RFC 4180). */
export function asCsv(rows: readonly CaptionRow[]): string {
  const lines = rows.map(({ image, text, logProb, unsure }) => [
    image,
    text,
    logProb.toFixed(3),
    String(unsure),
  ]);
  return [['image', 'caption', 'logProb', 'unsure'], ...lines]
    .map(fields => `${fields.map(cell).join(',')}\r\n`)
    .join('');
}

/** What begins like a formula would be run by a spreadsheet, and a file's name may come from a stranger. */
function cell(text: string): string {
  const harmless = /^[=+@\t\r]|^-(?!\d)/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
