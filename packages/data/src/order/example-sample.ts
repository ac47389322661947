import { DataError, type Example, type Sample } from '@simvlm/core';

/**
 * An example as a sample: its picture as pixels, its text, and its fields, of which those that a sample has a member for are there too.
 *
 * ```
 * { id: 'a', text: '', image, fields: { question: 'How many?', answer: ['2', 'two'], page: 3 } }
 * { key: 'a', images: [{ path: 'a', pixels: image }], text: '', question: 'How many?', answers: ['2', 'two'],
 *   fields: { question: 'How many?', answer: ['2', 'two'], page: 3 } }
 * ```
 */
export function sampleOf({ id, text, image, images = image ? [image] : [], fields }: Example): Sample {
  const { question, answer, answers = answer, label, split, source, target, texts } = fields ?? {};
  return {
    key: id,
    images: images.map(pixels => ({ path: id, pixels, bytes: () => noBytes(id) })),
    text,
    ...(isText(question) && { question }),
    ...(isText(answers) && { answers: [answers] }),
    ...(isTexts(answers) && { answers }),
    ...((isText(label) || typeof label === 'number') && { label }),
    ...(isText(split) && { split }),
    ...(isText(source) && { source }),
    ...(isText(target) && { target }),
    ...(isTexts(texts) && { texts }),
    ...(fields && { fields }),
  };
}

async function noBytes(id: string): Promise<never> {
  throw new DataError(
    'DATA_NOT_FOUND',
    `the picture of ${id} is in memory as pixels; it has no stored bytes`,
  );
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.length > 0 && value.every(isText);
}
