/**
 * Pieces by their UTF-16 units: a trie whose edges lie in one open-addressing hash table of integers. Looking up a piece makes
 * no substring and no object.
 */
export class Trie {
  /** Pairs (key, node); key = parent · 2^16 + unit + 1, 0 for an empty place. */
  #keys: Float64Array;
  #nodes: Int32Array;
  /** Value of each node, or −1. */
  #values: number[] = [-1];
  #edges = 0;

  constructor(expectedEdges = 1024) {
    const capacity = 2 ** Math.ceil(Math.log2(Math.max(16, expectedEdges * 2)));
    this.#keys = new Float64Array(capacity);
    this.#nodes = new Int32Array(capacity);
  }

  /** The root, where every piece begins. */
  static readonly root = 0;

  /** `value` ≥ 0 becomes the value of `text`. */
  set(text: string, value: number): void {
    let node: number = Trie.root;
    for (let i = 0; i < text.length; i++) node = this.#childOrNew(node, text.charCodeAt(i));
    this.#values[node] = value;
  }

  /** The node one unit further, or −1. */
  child(node: number, unit: number): number {
    const place = this.#place(node * 65536 + unit + 1);
    return this.#keys[place] === 0 ? -1 : this.#nodes[place]!;
  }

  /** The value of the piece that ends at this node, or −1. */
  value(node: number): number {
    return this.#values[node]!;
  }

  /** The value of a whole piece, or −1. */
  get(text: string): number {
    let node: number = Trie.root;
    for (let i = 0; i < text.length && node >= 0; i++) node = this.child(node, text.charCodeAt(i));
    return node < 0 ? -1 : this.#values[node]!;
  }

  #childOrNew(node: number, unit: number): number {
    const key = node * 65536 + unit + 1;
    let place = this.#place(key);
    if (this.#keys[place] !== 0) return this.#nodes[place]!;
    if (this.#edges * 2 >= this.#keys.length) {
      this.#grow();
      place = this.#place(key);
    }
    this.#keys[place] = key;
    this.#nodes[place] = this.#values.length;
    this.#edges++;
    return this.#values.push(-1) - 1;
  }

  #place(key: number): number {
    const mask = this.#keys.length - 1;
    const high = Math.floor(key / 65536);
    let place = (Math.imul(high, 0x9e3779b1) ^ Math.imul(key & 0xffff, 0x85ebca6b)) >>> 7;
    for (place &= mask; this.#keys[place] !== 0 && this.#keys[place] !== key; place = (place + 1) & mask);
    return place;
  }

  #grow(): void {
    const [keys, nodes] = [this.#keys, this.#nodes];
    this.#keys = new Float64Array(keys.length * 2);
    this.#nodes = new Int32Array(keys.length * 2);
    for (let i = 0; i < keys.length; i++) {
      if (keys[i] === 0) continue;
      const place = this.#place(keys[i]!);
      this.#keys[place] = keys[i]!;
      this.#nodes[place] = nodes[i]!;
    }
  }
}
