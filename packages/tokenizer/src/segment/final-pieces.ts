import { bytePiece, type TokenizerModel } from '../vocabulary';

/**
 * What is told of a piece: its id, the normalised bytes it comes from, and the byte it stands for (−1 for no
 * byte piece). Of the byte pieces of one character the last has the whole range, the others an empty one at
 * its beginning.
 */
export type PieceVisitor = (id: number, begin: number, end: number, byte: number) => void;

/**
 * Turns what a segmenter found into the pieces of the original: unknown characters become bytes, or runs of
 * them one unknown token.
 */
export class FinalPieces {
  readonly #unknown: number;
  /** Id of each byte's piece; undefined without byte fallback. */
  readonly #byteIds: Int32Array | undefined;

  constructor(model: TokenizerModel, ids: ReadonlyMap<string, number>) {
    this.#unknown = model.special.unk;
    if (model.byteFallback)
      this.#byteIds = Int32Array.from({ length: 256 }, (_, byte) => ids.get(bytePiece(byte))!);
  }

  visit(
    { ids, ends, count }: { ids: ArrayLike<number>; ends: ArrayLike<number>; count: number },
    bytes: Uint8Array,
    visitor: PieceVisitor,
  ): void {
    let begin = 0;
    for (let i = 0; i < count; i++) {
      const id = ids[i]!;
      if (id === this.#unknown && this.#byteIds !== undefined) {
        const end = ends[i]!;
        for (let at = begin; at < end; at++)
          visitor(this.#byteIds[bytes[at]!]!, begin, at + 1 === end ? end : begin, bytes[at]!);
      } else {
        while (id === this.#unknown && ids[i + 1] === id && i + 1 < count) i++;
        visitor(id, begin, ends[i]!, -1);
      }
      begin = ends[i]!;
    }
  }
}
