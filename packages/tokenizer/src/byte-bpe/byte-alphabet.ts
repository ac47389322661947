/**
 * How byte-level BPE spells bytes in its pieces (Radford et al. 2019): a byte that is a visible character of Latin-1 as that character,
 * the others in their order as U+0100, U+0101, … A space is "Ġ".
 */
export const BYTE_CHARACTERS: readonly string[] = /* @__PURE__ */ alphabet();

const BYTES: ReadonlyMap<string, number> = /* @__PURE__ */ byteOfCharacter();

/** The bytes of a piece; of a piece with other characters, such as an added token with a space, its UTF-8. */
export function pieceBytes(piece: string): Uint8Array {
  const bytes = new Uint8Array(piece.length);
  for (let i = 0; i < piece.length; i++) {
    const byte = BYTES.get(piece[i]!);
    if (byte === undefined) return new TextEncoder().encode(piece);
    bytes[i] = byte;
  }
  return bytes;
}

function byteOfCharacter(): Map<string, number> {
  return new Map(BYTE_CHARACTERS.map((character, byte) => [character, byte]));
}

function alphabet(): string[] {
  let others = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const visible = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
    return String.fromCharCode(visible ? byte : others++);
  });
}
