/**
 * Text by Specific Character Set (0008,0005), PS3.3 C.12.1.1.2 and PS3.5 6.1.2.5: single-byte and
 * multi-byte sets without code extensions, and ISO 2022 code extensions by their escape sequences.
 */

/** Defined terms → names that the platform's decoder knows. */
const DECODERS: Record<string, string> = {
  '': 'latin1',
  'ISO_IR 6': 'latin1',
  'ISO_IR 100': 'latin1',
  'ISO_IR 101': 'iso-8859-2',
  'ISO_IR 109': 'iso-8859-3',
  'ISO_IR 110': 'iso-8859-4',
  'ISO_IR 144': 'iso-8859-5',
  'ISO_IR 127': 'iso-8859-6',
  'ISO_IR 126': 'iso-8859-7',
  'ISO_IR 138': 'iso-8859-8',
  'ISO_IR 148': 'windows-1254',
  'ISO_IR 203': 'iso-8859-15',
  'ISO_IR 13': 'shift_jis',
  'ISO_IR 166': 'windows-874',
  'ISO_IR 192': 'utf-8',
  GB18030: 'gb18030',
  GBK: 'gbk',
};

/** Escape sequence (after ESC) → decoder of what follows. Two-byte G0 sets need their high bits set. */
const ESCAPES: Array<{ escape: string; decoder: string; setHighBits?: boolean }> = [
  { escape: '(B', decoder: 'latin1' },
  { escape: '-A', decoder: 'latin1' },
  { escape: '-B', decoder: 'iso-8859-2' },
  { escape: '-C', decoder: 'iso-8859-3' },
  { escape: '-D', decoder: 'iso-8859-4' },
  { escape: '-L', decoder: 'iso-8859-5' },
  { escape: '-G', decoder: 'iso-8859-6' },
  { escape: '-F', decoder: 'iso-8859-7' },
  { escape: '-H', decoder: 'iso-8859-8' },
  { escape: '-M', decoder: 'windows-1254' },
  { escape: '-b', decoder: 'iso-8859-15' },
  { escape: '-T', decoder: 'windows-874' },
  { escape: '(J', decoder: 'shift_jis' },
  { escape: ')I', decoder: 'shift_jis' },
  { escape: '$B', decoder: 'euc-jp', setHighBits: true },
  { escape: '$@', decoder: 'euc-jp', setHighBits: true },
  { escape: '$)C', decoder: 'euc-kr' },
  { escape: '$)A', decoder: 'gbk' },
];

const ESC = 0x1b;
const CHUNK = 4096;
const latin1 = (bytes: Uint8Array): string => {
  let text = '';
  for (let at = 0; at < bytes.length; at += CHUNK) {
    text += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  }
  return text;
};

const decoders = new Map<string, TextDecoder>();

function decodeAs(bytes: Uint8Array, decoder: string): string {
  // TextDecoder's "latin1" is windows-1252, which has printable characters where DICOM has none.
  if (decoder === 'latin1') return latin1(bytes);
  let found = decoders.get(decoder);
  if (!found) {
    found = new TextDecoder(decoder);
    decoders.set(decoder, found);
  }
  return found.decode(bytes);
}

/** JIS X 0212 ("$(D"): EUC-JP writes it with a lead byte 8F before each pair. */
function decodeJisSupplement(bytes: Uint8Array): string {
  const euc: number[] = [];
  for (let i = 0; i + 1 < bytes.length; i += 2) {
    euc.push(0x8f, bytes[i] | 0x80, bytes[i + 1] | 0x80);
  }
  return decodeAs(Uint8Array.from(euc), 'euc-jp');
}

function decodeEscaped(bytes: Uint8Array, initial: string): string {
  const text: string[] = [];
  let start = 0;
  const initialState = (part: Uint8Array) => decodeAs(part, initial);
  let state: (part: Uint8Array) => string = initialState;
  /** In G0 two-byte sets "^" and "=" are halves of characters, not delimiters. */
  let twoByte = false;
  const flush = (end: number) => {
    if (end > start) text.push(state(bytes.subarray(start, end)));
  };
  for (let i = 0; i < bytes.length;) {
    const byte = bytes[i];
    if (byte === ESC) {
      flush(i);
      const following = latin1(bytes.subarray(i + 1, i + 4));
      const known = ESCAPES.find(e => following.startsWith(e.escape));
      if (known) {
        state = known.setHighBits
          ? part =>
              decodeAs(
                part.map(b => (b > 0x20 && b < 0x7f ? b | 0x80 : b)),
                known.decoder,
              )
          : part => decodeAs(part, known.decoder);
        twoByte = known.setHighBits === true;
        i += 1 + known.escape.length;
      } else if (following.startsWith('$(D')) {
        state = decodeJisSupplement;
        twoByte = true;
        i += 4;
      } else {
        i += 1;
      }
      start = i;
      continue;
    }
    // Delimiters and control characters switch the code elements back (PS3.5 6.1.2.5.3).
    if (
      byte === 0x0a ||
      byte === 0x0d ||
      byte === 0x0c ||
      (!twoByte && (byte === 0x5e || byte === 0x3d))
    ) {
      flush(i);
      text.push(String.fromCharCode(byte));
      start = i + 1;
      state = initialState;
      twoByte = false;
    }
    i += 1;
  }
  flush(bytes.length);
  return text.join('');
}

/** A decoder of the text VRs of a data set whose Specific Character Set holds `terms`. */
export function textDecoderOf(terms: readonly string[]): (bytes: Uint8Array) => string {
  const normal = terms.map(term =>
    term
      .trim()
      .toUpperCase()
      .replace(/^ISO[ _]2022[ _]IR[ _]/, 'ISO 2022 IR ')
      .replace(/^ISO[ _-]IR[ _]/, 'ISO_IR '),
  );
  const first = normal[0] ?? '';
  const initial = DECODERS[first.replace('ISO 2022 IR ', 'ISO_IR ')] ?? 'latin1';
  const extended = normal.length > 1 || first.startsWith('ISO 2022');
  return bytes =>
    extended && bytes.includes(ESC) ? decodeEscaped(bytes, initial) : decodeAs(bytes, initial);
}
