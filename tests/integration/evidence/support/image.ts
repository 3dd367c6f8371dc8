import type { RunResult } from '../../../../extension/src/core/findings/types';
import type { SliceHeader } from '../../../../extension/src/core/volume/types';
import type { SourceMetadata } from '../../../../extension/src/core/reading/ports';
import type { JsonElement } from '../../../../extension/src/dicom/common/dataset';
import { encodePart10 } from '../../../../extension/src/dicom/common/encode';
import { uidFrom } from '../../../../extension/src/core/model/identity';

export const DX_FOR_PRESENTATION = '1.2.840.10008.5.1.4.1.1.1.1';

/** A radiograph that says nothing of the patient's space, 80 × 60 pixels. */
export const radiograph = (photometricInterpretation = 'MONOCHROME2'): SliceHeader => ({
  sopInstanceUID: uidFrom('test', 'radiograph', photometricInterpretation),
  sopClassUID: DX_FOR_PRESENTATION,
  instanceNumber: 1,
  rows: 60,
  columns: 80,
  imagerPixelSpacing: [0.2, 0.2],
  photometricInterpretation,
  samplesPerPixel: 1,
  bitsStored: 12,
  pixelRepresentation: 0,
  rescaleSlope: 1,
  rescaleIntercept: 0,
  modality: 'DX',
  voi: { center: 2048, width: 4096, function: 'LINEAR' },
});

/**
 * A source image as its modality wrote it, as far as a presentation state has need of it.
 *
 * @param storedAt stored value (12 bits) of column i, row j
 */
export function sourceImage(
  run: RunResult,
  k: number,
  metadata: SourceMetadata,
  storedAt: (i: number, j: number) => number,
): ArrayBuffer {
  const slice = run.source.slices[k];
  const { rows, columns, sopInstanceUID, sopClassUID, voi } = slice;
  const identity = { sopClassUID, sopInstanceUID };
  return encodePart10(
    identity,
    {
      copied: metadata.get(sopInstanceUID) as Record<string, JsonElement>,
      Modality: slice.modality,
      StudyInstanceUID: run.source.studyInstanceUID,
      SeriesInstanceUID: run.source.seriesInstanceUID,
      InstanceNumber: slice.instanceNumber ?? 1,
      SamplesPerPixel: 1,
      PhotometricInterpretation: slice.photometricInterpretation,
      Rows: rows,
      Columns: columns,
      BitsAllocated: 16,
      BitsStored: 12,
      HighBit: 11,
      PixelRepresentation: 0,
      RescaleIntercept: slice.rescaleIntercept,
      RescaleSlope: slice.rescaleSlope,
      ...(voi && { WindowCenter: voi.center, WindowWidth: voi.width }),
    },
    {
      length: 2 * rows * columns,
      fill: target => {
        const view = new DataView(target.buffer, target.byteOffset);
        for (let at = 0; at < rows * columns; at++) {
          view.setUint16(2 * at, storedAt(at % columns, Math.floor(at / columns)), true);
        }
      },
    },
  );
}

/** The grey of a PGM (P5, or P2 as text), row by row. */
export function readPgm(file: Uint8Array): { width: number; height: number; grey: number[] } {
  const text = Buffer.from(file).toString('latin1');
  const header = /^(P[25])\s+(?:#.*\s+)*(\d+)\s+(\d+)\s+(\d+)\s/.exec(text);
  if (!header) throw new Error(`no PGM: ${text.slice(0, 20)}`);
  const [whole, kind, width, height] = header;
  const rest = text.slice(whole.length);
  const grey =
    kind === 'P5' ? Array.from(file.subarray(whole.length)) : rest.trim().split(/\s+/).map(Number);
  return { width: Number(width), height: Number(height), grey };
}
