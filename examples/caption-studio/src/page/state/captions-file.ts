import type { StudioFailure } from '../../engine/engine';

/** One line of `captions.jsonl` that has a picture, as `@simvlm/data` reads it. */
export interface CaptionLine {
  readonly image: string;
  readonly text: string;
}

/** The lines of a `captions.jsonl` that have a picture; throws a `StudioFailure` that names the first bad line. */
export function parseCaptions(jsonl: string): CaptionLine[] {
  const lines: CaptionLine[] = [];
  for (const [i, line] of jsonl.split('\n').entries()) {
    if (line.trim() === '') continue;
    const { image, text } = parseLine(line, i + 1);
    if (typeof text !== 'string' || text.trim() === '') throw badLine(i + 1, 'it has no "text"');
    if (image === undefined) continue;
    if (typeof image !== 'string') throw badLine(i + 1, '"image" is not a path');
    lines.push({ image, text });
  }
  return lines;
}

function parseLine(line: string, number: number): { image?: unknown; text?: unknown } {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // The failure below says which line.
  }
  throw badLine(number, 'it is not a JSON object');
}

function badLine(number: number, why: string): StudioFailure {
  return {
    code: 'UNEXPECTED',
    title: `Line ${number} of captions.jsonl cannot be used`,
    advice: 'Each line is one object such as {"image": "fox.jpg", "text": "a fox in the snow"}.',
    detail: `captions.jsonl:${number}: ${why}`,
  };
}
