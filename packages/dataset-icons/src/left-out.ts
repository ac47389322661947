/** Why an icon is left out, in the order in which the rules are asked: an icon counts for the first that applies. */
export const RULES = {
  emojiOne: "one of EmojiOne's own sets, the unseen artist",
  licence: 'its licence forbids commercial use or is the GPL, or is not stated',
  emoji: 'an emoji set, which the emoji data set has or is close to',
  logos: 'logos and signs of file types',
  flags: 'flags that are named by codes of countries',
  withdrawn: 'withdrawn by its set',
  noWord: 'its name holds no word',
  caption: 'its name or a caption holds a held-out label, or all words of a held-out concept',
  variant: 'another style or size of an icon that is taken',
  sameDrawing: 'the same SVG as an icon that is taken',
  drawing: 'cannot be drawn',
  blank: 'nothing to be seen on white',
  hash: 'looks like a picture to be tested on: perceptual hash',
  pixels: 'looks like a picture to be tested on: 16 × 16 pixels',
} as const;

export type Rule = keyof typeof RULES;

/** How many icons each rule leaves out. */
export type Counts = Partial<Record<Rule, number>>;

export function countUp(counts: Counts, rule: Rule, by = 1): void {
  counts[rule] = (counts[rule] ?? 0) + by;
}

/** The same counts in the order in which the rules are asked. */
export function inOrderOfRules(counts: Counts): Counts {
  const rules = (Object.keys(RULES) as Rule[]).filter(rule => counts[rule] !== undefined);
  return Object.fromEntries(rules.map(rule => [rule, counts[rule]]));
}
