/**
 * Attributes (PS3.6) that are read in the objects of others and never written, in the form of
 * `DICTIONARY`; a test checks them against the dictionary of dcmjs.
 */
export const READ_DICTIONARY = {
  InstanceCreatorUID: [0x00080014, 'UI'],
  StudyDate: [0x00080020, 'DA'],
  StudyTime: [0x00080030, 'TM'],
  URNCodeValue: [0x00080120, 'UR'],
  AnatomicRegionSequence: [0x00082218, 'SQ'],
  PlanePositionSlideSequence: [0x0048021a, 'SQ'],
  RealWorldValueLUTData: [0x00409212, 'FD'],
  RealWorldValueLastValueMapped: [0x00409211, 'US'],
  RealWorldValueFirstValueMapped: [0x00409216, 'US'],
  DoubleFloatPixelData: [0x7fe00009, 'OD'],

  ReferencedContentItemIdentifier: [0x0040db73, 'UL'],
  NumericValueQualifierCodeSequence: [0x0040a301, 'SQ'],
  DateTime: [0x0040a120, 'DT'],
  Date: [0x0040a121, 'DA'],
  Time: [0x0040a122, 'TM'],

  SegmentDescription: [0x00620006, 'ST'],

  ImageRotation: [0x00700042, 'US'],
  CompoundGraphicSequence: [0x00700209, 'SQ'],
  CompoundGraphicUnits: [0x00700282, 'CS'],
  CompoundGraphicType: [0x00700294, 'CS'],
  GraphicGroupID: [0x00700295, 'UL'],
} as const satisfies Record<string, readonly [number, string]>;
