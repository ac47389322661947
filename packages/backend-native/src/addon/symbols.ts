import { createReadStream } from 'node:fs';

/**
 * Whether a library has a symbol whose name begins like this, by looking for the text. A library of CUDA's has more than a gigabyte, so
 * it is read in parts, and no further than to the name.
 */
export async function mentions(library: string, name: string): Promise<boolean> {
  let rest = Buffer.alloc(0);
  for await (const chunk of createReadStream(library, { highWaterMark: 1 << 23 })) {
    const text = Buffer.concat([rest, chunk]);
    if (text.includes(name)) return true;
    rest = text.subarray(-name.length); // the name may begin in this part and end in the next
  }
  return false;
}
