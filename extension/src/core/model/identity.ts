import { sha256 } from './sha256';

const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');

/**
 * SHA-256 as 64 lower-case hexadecimal digits. Uses the platform's own (`crypto.subtle`, which only
 * secure contexts have) and otherwise the one here.
 */
export async function sha256Hex(bytes: Uint8Array | ArrayBuffer): Promise<string> {
  const view = bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
  const subtle = globalThis.crypto?.subtle;
  if (!subtle) {
    return hex(sha256(view));
  }
  return hex(new Uint8Array(await subtle.digest('SHA-256', view as Uint8Array<ArrayBuffer>)));
}

/** SHA-256 of a text's UTF-8 bytes, at once: for keys and ids, not for files of megabytes. */
export const sha256HexOfText = (text: string): string =>
  hex(sha256(new TextEncoder().encode(text)));

/**
 * A UID that is the same whenever the parts are the same: "2.25." and the decimal value of a UUID
 * (PS3.5 B.2), the UUID being version 8 (RFC 9562, 5.8) with the first 122 free bits of the SHA-256
 * of the parts. Parts are length-prefixed, so ("ab", "c") and ("a", "bc") differ.
 */
export function uidFrom(...parts: string[]): string {
  const text = parts.map(part => `${part.length}:${part}`).join('');
  const uuid = sha256(new TextEncoder().encode(text)).slice(0, 16);
  uuid[6] = (uuid[6] & 0x0f) | 0x80;
  uuid[8] = (uuid[8] & 0x3f) | 0x80;
  return `2.25.${BigInt(`0x${hex(uuid)}`)}`;
}
