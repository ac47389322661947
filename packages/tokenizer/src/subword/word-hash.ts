/** A hash of bytes. */
export function hashOf(bytes: Uint8Array, begin: number, end: number): number {
  let hash = 0;
  for (let i = begin; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193) ^ (hash >>> 15);
  return hash;
}
