import { textDecoderOf } from './characterSet';

/** Examples of PS3.5 annexes H, I, J and K. */
describe('textDecoderOf', () => {
  const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

  it('decodes single-byte sets and UTF-8', () => {
    expect(textDecoderOf(['ISO_IR 100'])(hex('42 75 63 5e 4a e9 72 f4 6d 65'))).toBe('Buc^Jérôme');
    expect(textDecoderOf(['ISO_IR 144'])(hex('bb ee de'))).toBe('Люо');
    expect(textDecoderOf(['ISO_IR 192'])(Buffer.from('王^小東'))).toBe('王^小東');
    expect(textDecoderOf([])(hex('59 61 6d 61'))).toBe('Yama');
  });

  it('follows the escapes of Japanese names', () => {
    const bytes = hex(
      '59 61 6d 61 64 61 5e 54 61 72 6f 75 3d 1b 24 42 3b 33 45 44 1b 28 42 5e 1b 24 42 42 40 4f 3a 1b 28 42',
    );
    expect(textDecoderOf(['', 'ISO 2022 IR 87'])(bytes)).toBe('Yamada^Tarou=山田^太郎');
  });

  it('follows the escapes of Korean names', () => {
    const bytes = hex(
      '48 6f 6e 67 5e 47 69 6c 64 6f 6e 67 3d 1b 24 29 43 fb f3 5e 1b 24 29 43 d1 ce d4 d7',
    );
    expect(textDecoderOf(['', 'ISO 2022 IR 149'])(bytes)).toBe('Hong^Gildong=洪^吉洞');
  });
});
