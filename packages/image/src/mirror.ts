/** Directions, and what has writing, a dial or a direction on it. */
const ONE_WAY = new RegExp(
  [
    'left|right|clockwise|facing|forward|back|next|last|first|reverse|repeat|fast|play|up-|down-|tilted',
    'north|east|south|west|moon|increasing|decreasing|arrow|pointing|raising|tear-off|spiral',
    'clock|timer|thirty|o’clock|watch',
    'button|flag|keycap|input|sign|mark|symbol|letter|numbers|hundred|calendar|sale|atm|abc|soon|top|end|on!|zzz',
    'aries|taurus|gemini|cancer|leo|virgo|libra|scorpio|sagittarius|capricorn|aquarius|pisces|ophiuchus',
    'question|percent|plus|minus|divide|multiply|infinity|copyright|registered|music|clef|yen|euro|pound|dollar',
  ].join('|'),
  'i',
);

/**
 * Whether a picture mirrored left to right still shows what its English caption says. It says no where it might not: a picture
 * that is not mirrored costs some variety, one that is mirrored wrongly teaches that left is right.
 */
export function canMirror(caption: string): boolean {
  return !ONE_WAY.test(caption);
}
