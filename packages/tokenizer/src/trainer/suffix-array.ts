/**
 * The places of a text in the order of what begins there, compared by their first `depth` symbols or more; equal ones
 * in the order of their places. Prefix doubling (Manber and Myers 1993) with counting sorts: log2(depth)
 * rounds, each linear.
 *
 * @param text symbols in [0, symbols)
 */
export function suffixArray(text: Int32Array, symbols: number, depth: number): Int32Array {
  const n = text.length;
  let rank = Int32Array.from(text);
  let classes = symbols;
  let order = countingSort(identity(n), rank, classes);
  for (let length = 1; length < depth; length *= 2) {
    // By the second half: what has none comes first, the others as their second halves are ordered already.
    const bySecond = new Int32Array(n);
    let count = 0;
    for (let place = Math.max(0, n - length); place < n; place++) bySecond[count++] = place;
    for (let i = 0; i < n; i++) if (order[i]! >= length) bySecond[count++] = order[i]! - length;
    order = countingSort(bySecond, rank, classes);
    const next = new Int32Array(n);
    classes = 0;
    for (let i = 0; i < n; i++) {
      const place = order[i]!;
      const before = i === 0 ? -1 : order[i - 1]!;
      if (
        i > 0 &&
        (rank[place] !== rank[before] || (rank[place + length] ?? -1) !== (rank[before + length] ?? -1))
      )
        classes++;
      next[place] = classes;
    }
    rank = next;
    if (++classes === n) break;
  }
  return order;
}

/**
 * How many symbols neighbours in the order share, up to `most`; a 0 in the text equals nothing. Entry i
 * compares i − 1 and i.
 */
export function commonPrefixes(text: Int32Array, order: Int32Array, most: number): Uint8Array {
  const lengths = new Uint8Array(order.length);
  for (let i = 1; i < order.length; i++) {
    const [a, b] = [order[i - 1]!, order[i]!];
    let length = 0;
    while (length < most && text[a + length] === text[b + length] && text[a + length]! > 0) length++;
    lengths[i] = length;
  }
  return lengths;
}

/** `items` in the order of their keys in [0, keys); stable. */
function countingSort(items: Int32Array, keyOf: Int32Array, keys: number): Int32Array {
  const starts = new Int32Array(keys + 1);
  for (let i = 0; i < items.length; i++) starts[keyOf[items[i]!]! + 1]!++;
  for (let key = 0; key < keys; key++) starts[key + 1]! += starts[key]!;
  const sorted = new Int32Array(items.length);
  for (let i = 0; i < items.length; i++) sorted[starts[keyOf[items[i]!]!]!++] = items[i]!;
  return sorted;
}

function identity(n: number): Int32Array {
  const order = new Int32Array(n);
  for (let i = 0; i < n; i++) order[i] = i;
  return order;
}
