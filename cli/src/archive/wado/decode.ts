import { accept, refuse, type Outcome } from '@second-reader/core/outcome';
import { Context, NativeCodecs } from 'dcmjs-codecs';
import type { PixelDescription } from '../part10/frames';

type Decode = (context: Context) => Context;
const JPEG = '1.2.840.10008.1.2.4.';
const SYNTAXES: Array<{ uids: string[]; decode: Decode }> = [
  { uids: ['1.2.840.10008.1.2.5'], decode: context => NativeCodecs.decodeRle(context) },
  {
    uids: ['50', '51', '53', '55', '57', '70'].map(last => JPEG + last),
    decode: context => NativeCodecs.decodeJpeg(context, { convertColorspaceToRgb: true }),
  },
  {
    uids: ['80', '81'].map(last => JPEG + last),
    decode: context => NativeCodecs.decodeJpegLs(context),
  },
  {
    uids: ['90', '91'].map(last => JPEG + last),
    decode: context => NativeCodecs.decodeJpeg2000(context),
  },
  {
    uids: ['110', '111', '112'].map(last => JPEG + last),
    decode: context => NativeCodecs.decodeJpegXl(context),
  },
  {
    uids: ['201', '202', '203'].map(last => JPEG + last),
    decode: context => NativeCodecs.decodeHtJpeg2000(context),
  },
];

let ready: Promise<void> | undefined;

export interface DecodedFrame {
  bytes: Buffer;
  photometricInterpretation: string;
  planarConfiguration: number;
}

/**
 * A compressed frame → native little endian pixels. Refuses with `cannotDecode`, naming the transfer
 * syntax or what the codec said.
 */
export async function decodeFrame(
  frame: Buffer,
  transferSyntaxUID: string,
  pixels: PixelDescription,
): Promise<Outcome<DecodedFrame>> {
  const syntax = SYNTAXES.find(({ uids }) => uids.includes(transferSyntaxUID));
  if (!syntax) {
    return refuse(
      'cannotDecode',
      `Transfer syntax ${transferSyntaxUID} is not one the archive decodes.`,
      {
        transferSyntaxUID,
      },
    );
  }
  ready ??= NativeCodecs.initializeAsync();
  await ready;
  try {
    const context = syntax.decode(
      new Context({
        width: pixels.columns,
        height: pixels.rows,
        bitsAllocated: pixels.bitsAllocated,
        bitsStored: pixels.bitsStored,
        samplesPerPixel: pixels.samplesPerPixel,
        pixelRepresentation: pixels.pixelRepresentation,
        planarConfiguration: pixels.planarConfiguration,
        photometricInterpretation: pixels.photometricInterpretation,
        encodedBuffer: new Uint8Array(frame),
      }),
    );
    const decoded = context.getDecodedBuffer();
    if (!decoded) {
      return refuse('cannotDecode', 'The codec gave no pixels.', { transferSyntaxUID });
    }
    return accept({
      // A copy: the codec's memory is reused by the next frame.
      bytes: Buffer.from(decoded),
      photometricInterpretation:
        context.getPhotometricInterpretation() ?? pixels.photometricInterpretation,
      planarConfiguration: context.getPlanarConfiguration() ?? pixels.planarConfiguration,
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return refuse('cannotDecode', `The frame cannot be decoded: ${reason}.`, {
      transferSyntaxUID,
      reason,
    });
  }
}
