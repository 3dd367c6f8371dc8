import { createHash } from 'node:crypto';

/**
 * A UID under 2.25 (PS3.5 B.2) that is the same for the same name: the first 128 bits of the name's
 * SHA-256, made a version 8 UUID (RFC 9562).
 */
export function uidOf(name: string): string {
  const bytes = createHash('sha256')
    .update(`second-reader/phantom/${name}`)
    .digest()
    .subarray(0, 16);
  bytes[6] = (bytes[6] & 0x0f) | 0x80;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return `2.25.${BigInt(`0x${bytes.toString('hex')}`).toString()}`;
}
