import type { SegmentationRun } from '../../extension/src/core/findings/segmentationRun';
import { DICTIONARY } from '../../extension/src/dicom/common/dictionary';

/**
 * Segmentations as @cornerstonejs/adapters and plain dcmjs write and read them. Neither has type
 * declarations for what is called here, so the few shapes are declared.
 */
export type Kind = 'binary' | 'labelmap';

type Naturalized = Record<string, unknown>;
interface Dcmjs {
  data: {
    BitArray: { pack(bits: Uint8Array): Uint8Array; unpack(bytes: Uint8Array): Uint8Array };
    DicomMessage: { readFile(file: ArrayBuffer): { dict: object } };
    DicomMetaDictionary: { naturalizeDataset(dict: object): Naturalized };
    datasetToDict(dataset: Naturalized): { write(): ArrayBuffer };
  };
}
interface Generator {
  generateSegmentation(
    images: object[],
    labelmap: object,
    metadata: object,
    options: object,
  ): { dataset: Naturalized };
}
interface Reader {
  createFromDICOMSegBuffer(
    imageIds: string[],
    file: ArrayBuffer,
    options: object,
  ): Promise<{ labelMapImages: Array<Array<{ voxelManager: { getScalarData(): Uint8Array } }>> }>;
}

export const SOP_CLASS: Record<Kind, string> = {
  binary: '1.2.840.10008.5.1.4.1.1.66.4',
  labelmap: '1.2.840.10008.5.1.4.1.1.66.7',
};

const code = ({ value, scheme, meaning }: { value: string; scheme: string; meaning: string }) => ({
  CodeValue: value,
  CodingSchemeDesignator: scheme,
  CodeMeaning: meaning,
});

const segmentItems = (run: SegmentationRun): Naturalized[] =>
  run.findings.map(({ segment, id, trackingIdentifier }, index) => ({
    SegmentNumber: index + 1,
    SegmentLabel: segment.label.en,
    SegmentAlgorithmType: 'AUTOMATIC',
    SegmentAlgorithmName: run.provenance.modelName,
    SegmentedPropertyCategoryCodeSequence: code(segment.category),
    SegmentedPropertyTypeCodeSequence: code(segment.type),
    RecommendedDisplayCIELabValue: [40000, 30000, 30000],
    TrackingID: trackingIdentifier,
    TrackingUID: id,
  }));

/** The slices of a run as cornerstone knows them. */
function cornerstoneSource(run: SegmentationRun) {
  const { slices, studyInstanceUID, seriesInstanceUID, frameOfReferenceUID } = run.source;
  const imageIds = slices.map((_, k) => `bench:${k}`);
  const of = new Map(imageIds.map((imageId, k) => [imageId, slices[k]]));
  const study = {
    StudyInstanceUID: studyInstanceUID,
    PatientName: 'Bench^Body',
    PatientID: 'BENCH',
    StudyDate: '20260301',
    StudyTime: '101500',
  };
  const series = { SeriesInstanceUID: seriesInstanceUID, SeriesNumber: 3, Modality: 'CT' };
  const get = (type: string, imageId: string): object | undefined => {
    const slice = of.get(imageId);
    if (!slice) return undefined;
    const { rows, columns } = slice;
    const [x, y] = [
      slice.imageOrientationPatient!.slice(0, 3),
      slice.imageOrientationPatient!.slice(3),
    ];
    switch (type) {
      case 'StudyData':
        return study;
      case 'SeriesData':
        return series;
      case 'ImageData':
      case 'instance':
        return {
          ...(type === 'instance' ? { ...study, ...series } : {}),
          SOPClassUID: slice.sopClassUID,
          SOPInstanceUID: slice.sopInstanceUID,
          InstanceNumber: slice.instanceNumber,
          FrameOfReferenceUID: frameOfReferenceUID,
          ImageType: ['ORIGINAL', 'PRIMARY', 'AXIAL'],
          Rows: rows,
          Columns: columns,
          PixelSpacing: [...slice.pixelSpacing!],
          SliceThickness: slice.sliceThickness,
          ImagePositionPatient: [...slice.imagePositionPatient!],
          ImageOrientationPatient: [...slice.imageOrientationPatient!],
          SamplesPerPixel: 1,
          PhotometricInterpretation: 'MONOCHROME2',
          BitsAllocated: 16,
          BitsStored: 16,
          HighBit: 15,
          PixelRepresentation: 1,
          RescaleSlope: 1,
          RescaleIntercept: 0,
          WindowCenter: 40,
          WindowWidth: 400,
        };
      case 'imagePlaneModule':
        return {
          frameOfReferenceUID,
          rows,
          columns,
          imagePositionPatient: [...slice.imagePositionPatient!],
          imageOrientationPatient: [...slice.imageOrientationPatient!],
          rowCosines: x,
          columnCosines: y,
          pixelSpacing: [...slice.pixelSpacing!],
          rowPixelSpacing: slice.pixelSpacing![0],
          columnPixelSpacing: slice.pixelSpacing![1],
          sliceThickness: slice.sliceThickness,
        };
      case 'imagePixelModule':
        return {
          bitsAllocated: 16,
          bitsStored: 16,
          highBit: 15,
          samplesPerPixel: 1,
          pixelRepresentation: 1,
        };
      case 'generalSeriesModule':
        return { seriesInstanceUID, modality: 'CT' };
      case 'generalImageModule':
        return { sopInstanceUID: slice.sopInstanceUID, instanceNumber: slice.instanceNumber };
      case 'sopCommonModule':
        return { sopInstanceUID: slice.sopInstanceUID, sopClassUID: slice.sopClassUID };
      default:
        return undefined;
    }
  };
  return { imageIds, metadata: { get } };
}

const slicesOf = (run: SegmentationRun): Uint8Array[] => {
  const [columns, rows, slices] = run.labelMap.geometry.dimensions;
  const size = columns * rows;
  return Array.from({ length: slices }, (_, k) =>
    run.labelMap.voxels.subarray(k * size, (k + 1) * size),
  );
};

const presentIn = (pixels: Uint8Array): number[] => {
  const found = new Uint8Array(256);
  for (const value of pixels) found[value] = 1;
  return Array.from(found.keys()).filter(value => value > 0 && found[value] === 1);
};

/** `generateSegmentation` and then dcmjs's writer, as OHIF stores a segmentation. */
export async function prepareAdaptersEncode(run: SegmentationRun, kind: Kind, look: () => void) {
  const generator =
    (await import('@cornerstonejs/adapters/cornerstone3D/Segmentation/generateSegmentation')) as unknown as Generator;
  const { data } = await dcmjs();
  const { imageIds, metadata } = cornerstoneSource(run);
  // All images share one array of pixels: their own memory is the viewer's, not the writer's.
  const [columns, rows] = run.labelMap.geometry.dimensions;
  const scalars = new Int16Array(columns * rows);
  const images = imageIds.map(imageId => ({
    imageId,
    voxelManager: { getScalarData: () => scalars },
  }));
  const labelmap = {
    metadata: [undefined, ...segmentItems(run)],
    labelmaps2D: slicesOf(run).map(pixelData => {
      const segmentsOnLabelmap = presentIn(pixelData);
      return segmentsOnLabelmap.length > 0
        ? { segmentsOnLabelmap, pixelData, rows, columns }
        : undefined;
    }),
  };
  return (): ArrayBuffer => {
    const { dataset } = generator.generateSegmentation(images, labelmap, metadata, {
      sopClassUID: SOP_CLASS[kind],
    });
    look();
    return data.datasetToDict(dataset).write();
  };
}

export async function prepareAdaptersDecode(run: SegmentationRun, file: ArrayBuffer) {
  const reader =
    (await import('@cornerstonejs/adapters/cornerstone3D/Segmentation/generateToolState')) as unknown as Reader;
  const core = (await import('@cornerstonejs/core')) as unknown as {
    metaData: {
      addProvider(provider: (type: string, imageId: string) => object | undefined): void;
    };
    cache: { purgeCache(): void; setMaxCacheSize(bytes: number): void };
  };
  const { imageIds, metadata } = cornerstoneSource(run);
  core.metaData.addProvider(metadata.get);
  core.cache.setMaxCacheSize(4 * 2 ** 30);
  return async (): Promise<Uint8Array[]> => {
    core.cache.purgeCache();
    const { labelMapImages } = await reader.createFromDICOMSegBuffer(imageIds, file, {
      metadataProvider: metadata,
    });
    return labelMapImages[0].map(({ voxelManager }) => voxelManager.getScalarData());
  };
}

const dcmjs = async (): Promise<Dcmjs> => {
  // @ts-expect-error: dcmjs has no declarations.
  const module = (await import('dcmjs')) as unknown as Dcmjs & { default?: Dcmjs };
  return module.default ?? module;
};

/** What somebody writes who has dcmjs and the standard: a data set by hand, bits packed a frame. */
export async function prepareDcmjsEncode(run: SegmentationRun, kind: Kind, look: () => void) {
  const { data } = await dcmjs();
  const pixels = slicesOf(run);
  const present = pixels.map(presentIn);
  return (): ArrayBuffer => {
    const { slices } = run.source;
    const [columns, rows] = run.labelMap.geometry.dimensions;
    const size = columns * rows;
    const frames =
      kind === 'binary'
        ? run.findings.flatMap((_, index) =>
            present.flatMap((here, k) =>
              here.includes(index + 1) ? [{ k, number: index + 1 }] : [],
            ),
          )
        : present.flatMap((here, k) => (here.length > 0 ? [{ k, number: 0 }] : []));
    const bytes = kind === 'binary' ? size / 8 : size;
    const pixelData = new Uint8Array(frames.length * bytes);
    frames.forEach(({ k, number }, frame) => {
      pixelData.set(
        kind === 'binary'
          ? data.BitArray.pack(pixels[k].map(value => (value === number ? 1 : 0)))
          : pixels[k],
        frame * bytes,
      );
    });
    look();
    const organization = { DimensionOrganizationUID: '1.2.3.4' };
    const dataset: Naturalized = {
      _meta: { TransferSyntaxUID: { vr: 'UI', Value: ['1.2.840.10008.1.2.1'] } },
      _vrMap: { PixelData: 'OB' },
      SOPClassUID: SOP_CLASS[kind],
      SOPInstanceUID: '1.2.3.5',
      StudyInstanceUID: run.source.studyInstanceUID,
      SeriesInstanceUID: '1.2.3.6',
      FrameOfReferenceUID: run.source.frameOfReferenceUID,
      Modality: 'SEG',
      PatientName: 'Bench^Body',
      PatientID: 'BENCH',
      ImageType: ['DERIVED', 'PRIMARY'],
      SamplesPerPixel: 1,
      PhotometricInterpretation: 'MONOCHROME2',
      NumberOfFrames: frames.length,
      Rows: rows,
      Columns: columns,
      BitsAllocated: kind === 'binary' ? 1 : 8,
      BitsStored: kind === 'binary' ? 1 : 8,
      HighBit: kind === 'binary' ? 0 : 7,
      PixelRepresentation: 0,
      SegmentationType: kind === 'binary' ? 'BINARY' : 'LABELMAP',
      SegmentSequence: segmentItems(run),
      DimensionOrganizationSequence: organization,
      DimensionIndexSequence: {
        ...organization,
        DimensionIndexPointer: DICTIONARY.ImagePositionPatient[0],
        FunctionalGroupPointer: DICTIONARY.PlanePositionSequence[0],
      },
      SharedFunctionalGroupsSequence: {
        PixelMeasuresSequence: {
          SliceThickness: slices[0].sliceThickness,
          PixelSpacing: [...slices[0].pixelSpacing!],
        },
        PlaneOrientationSequence: {
          ImageOrientationPatient: [...slices[0].imageOrientationPatient!],
        },
      },
      PerFrameFunctionalGroupsSequence: frames.map(({ k, number }) => ({
        DerivationImageSequence: {
          DerivationCodeSequence: code({ value: '113076', scheme: 'DCM', meaning: 'Segmentation' }),
          SourceImageSequence: {
            ReferencedSOPClassUID: slices[k].sopClassUID,
            ReferencedSOPInstanceUID: slices[k].sopInstanceUID,
            PurposeOfReferenceCodeSequence: code({
              value: '121322',
              scheme: 'DCM',
              meaning: 'Source image for image processing operation',
            }),
          },
        },
        FrameContentSequence: { DimensionIndexValues: number > 0 ? [number, k + 1] : [k + 1] },
        PlanePositionSequence: { ImagePositionPatient: [...slices[k].imagePositionPatient!] },
        ...(number > 0 && { SegmentIdentificationSequence: { ReferencedSegmentNumber: number } }),
      })),
      ReferencedSeriesSequence: {
        SeriesInstanceUID: run.source.seriesInstanceUID,
        ReferencedInstanceSequence: slices.map(slice => ({
          ReferencedSOPClassUID: slice.sopClassUID,
          ReferencedSOPInstanceUID: slice.sopInstanceUID,
        })),
      },
      PixelData: pixelData.buffer,
    };
    return data.datasetToDict(dataset).write();
  };
}

interface NaturalizedFrame {
  DerivationImageSequence: Array<{
    SourceImageSequence: Array<{ ReferencedSOPInstanceUID: string }>;
  }>;
  SegmentIdentificationSequence?: Array<{ ReferencedSegmentNumber: number }>;
}

export async function prepareDcmjsDecode(run: SegmentationRun, kind: Kind, file: ArrayBuffer) {
  const { data } = await dcmjs();
  const sliceOf = new Map(run.source.slices.map(({ sopInstanceUID }, k) => [sopInstanceUID, k]));
  const [columns, rows, slices] = run.labelMap.geometry.dimensions;
  const size = columns * rows;
  return (): Uint8Array[] => {
    const dataset = data.DicomMetaDictionary.naturalizeDataset(
      data.DicomMessage.readFile(file).dict,
    );
    const pixels = new Uint8Array((dataset.PixelData as ArrayBuffer[])[0]);
    const voxels = new Uint8Array(size * slices);
    const groups = dataset.PerFrameFunctionalGroupsSequence as NaturalizedFrame[];
    groups.forEach((group, frame) => {
      const source = group.DerivationImageSequence[0].SourceImageSequence[0];
      const from = sliceOf.get(source.ReferencedSOPInstanceUID)! * size;
      if (kind === 'labelmap') {
        voxels.set(pixels.subarray(frame * size, (frame + 1) * size), from);
        return;
      }
      const label = group.SegmentIdentificationSequence![0].ReferencedSegmentNumber;
      const bits = data.BitArray.unpack(pixels.slice((frame * size) / 8, ((frame + 1) * size) / 8));
      for (let at = 0; at < size; at++) if (bits[at] !== 0) voxels[from + at] = label;
    });
    return [voxels];
  };
}
