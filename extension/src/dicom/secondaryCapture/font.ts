/**
 * A bitmap font of five by seven pixels, and two below the line for letters that reach there:
 * printable ASCII and the few signs that our texts have besides. Each character is seven or nine
 * digits to base 32, one a row from the top; the highest of the five bits is the left pixel.
 */
const ASCII = `
  0000000 4444404 aa00000 aavavaa 4fke5u4 op248j3 cik8lid 4400000 2488842 8422248 04lel40 044v440 0000448 000e000 00000cc 01248g0
  ehjlphe 4c4444e eh1248v v2421he 26aiv22 vgu11he 68guhhe v124888 ehhehhe ehhf12c 0cc0cc0 0cc0c48 248g842 00v0v00 8421248 eh12404
  eh1dlle ehhvhhh uhhuhhu ehggghe sihhhis vgguggv vgguggg ehgnhhf hhhvhhh e44444e 72222ic hikokih ggggggv hrllhhh hhpljhh ehhhhhe
  uhhuggg ehhhlid uhhukih fgge11u v444444 hhhhhhe hhhhha4 hhhllla hha4ahh hhha444 v1248gv e88888e 0g84210 e22222e 4ah0000 000000v
  8420000 00e1fhf ggmphhu 00egghe 11djhhf 00ehvge 698s888 00fhhhf1e ggmphhh 40c444e 2062222ic ggikoki c44444e 00qllhh 00mphhh 00ehhhe
  00uhhhugg 00fhhhf11 00mpggg 00ege1u 88s8896 00hhhjd 00hhha4 00hhlla 00ha4ah 00hhhhf1e 00v248v 2448442 4444444 8442448 008l200
`
  .trim()
  .split(/\s+/);
const OTHERS: Record<string, string> = {
  '–': '000v000',
  '·': '0004000',
  '×': '0ha4ah0',
  '²': 'c24e000',
  '³': 'c242c00',
  '°': '4a40000',
};
const UNKNOWN = 'vhhhhhv';
const FIRST = 0x20;

export const GLYPH = { width: 5, height: 7 } as const;
/** Columns and rows from one character to the next, without scale. */
export const ADVANCE = { across: GLYPH.width + 1, down: GLYPH.height + 4 } as const;

/** Rows of a character from the top, five bits each; what the font has not is an empty box. */
export function glyphRows(character: string): number[] {
  const rows = OTHERS[character] ?? ASCII[character.charCodeAt(0) - FIRST] ?? UNKNOWN;
  return Array.from(rows, digit => parseInt(digit, 32));
}

/** Text in which every character can be drawn or is a box; lines and tabs are spaces. */
export const plain = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** Pixels that a line of text takes. */
export const textWidth = (text: string, scale: number): number =>
  Math.max(0, Array.from(text).length * ADVANCE.across - 1) * scale;

/** Text parted into lines of at most `width` pixels, between words where it can be. */
export function wrapped(text: string, width: number, scale: number): string[] {
  const most = Math.max(1, Math.floor((width / scale + 1) / ADVANCE.across));
  const lines: string[] = [];
  let line = '';
  for (const word of plain(text).split(' ')) {
    let rest = Array.from(word);
    const joined = line === '' ? word : `${line} ${word}`;
    if (Array.from(joined).length <= most) {
      line = joined;
      continue;
    }
    if (line !== '') lines.push(line);
    for (; rest.length > most; rest = rest.slice(most)) lines.push(rest.slice(0, most).join(''));
    line = rest.join('');
  }
  return line === '' ? lines : [...lines, line];
}
