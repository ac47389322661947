/** Lower case, with single spaces: what "the same caption" means. */
export function normalizeCaption(text: string): string {
  return text.toLowerCase().trim().replace(/\s+/g, ' ');
}

/** The two captions are the same but for case and white space. */
export function exactMatch(prediction: string, truth: string): boolean {
  return normalizeCaption(prediction) === normalizeCaption(truth);
}

/** F1 of the words of two captions as multisets (as in SQuAD, Rajpurkar et al., 2016), 0 to 1; two empty ones give 1. */
export function wordF1(prediction: string, truth: string): number {
  const [a, b] = [words(prediction), words(truth)];
  if (a.length === 0 || b.length === 0) return a.length === b.length ? 1 : 0;
  const left = new Map<string, number>();
  for (const word of b) left.set(word, (left.get(word) ?? 0) + 1);
  let common = 0;
  for (const word of a) {
    const count = left.get(word) ?? 0;
    if (count > 0) common++;
    left.set(word, count - 1);
  }
  return (2 * common) / (a.length + b.length);
}

function words(text: string): string[] {
  return normalizeCaption(text)
    .split(/[^\p{L}\p{N}]+/u)
    .filter(word => word !== '');
}
