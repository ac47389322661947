import { sha256 as hasher } from '@noble/hashes/sha256';
import { bytesToHex } from '@noble/hashes/utils';
import type { FileContent } from '@simvlm/bytes';

/** A SHA-256 that is fed in parts. */
export interface Sha256 {
  update(bytes: Uint8Array): void;
  /** In hexadecimal. Called once, at the end. */
  digest(): string;
}

export function startSha256(): Sha256 {
  const hash = hasher.create();
  return { update: bytes => void hash.update(bytes), digest: () => bytesToHex(hash.digest()) };
}

/** SHA-256 of a content in hexadecimal, in parts: Web Crypto would want all of it in one array. */
export async function sha256(content: FileContent): Promise<string> {
  const hash = startSha256();
  for await (const chunk of content.chunks()) hash.update(chunk);
  return hash.digest();
}
