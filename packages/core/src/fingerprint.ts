/** FNV-1a's offset basis: where a hash begins. */
const START = 0x811c9dc5 | 0;

/** FNV-1a over the UTF-16 units of a text: an int32. `start`: the hash of what comes before. */
export function hashText(text: string, start = START): number {
  let hash = start;
  for (let i = 0; i < text.length; i++) hash = mixed(hash, text.charCodeAt(i));
  return hash;
}

/** FNV-1a over int32 numbers: an int32. `start`: the hash of what comes before. */
export function hashIntegers(values: ArrayLike<number>, start = START): number {
  let hash = start;
  for (let i = 0; i < values.length; i++) hash = mixed(hash, values[i]!);
  return hash;
}

function mixed(hash: number, value: number): number {
  return Math.imul(hash ^ value, 0x01000193);
}
