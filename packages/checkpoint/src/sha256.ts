import { sha256 as hasher } from '@noble/hashes/sha256';
import { bytesToHex } from '@noble/hashes/utils';
import type { FileContent } from '@simvlm/bytes';

/** SHA-256 of a content in hexadecimal, in parts: Web Crypto would want all of it in one array. */
export async function sha256(content: FileContent): Promise<string> {
  const hash = hasher.create();
  for await (const chunk of content.chunks()) hash.update(chunk);
  return bytesToHex(hash.digest());
}
