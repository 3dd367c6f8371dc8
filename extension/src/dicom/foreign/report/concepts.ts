import type { CodedConcept } from '../../../core/findings/types';

type Code = Pick<CodedConcept, 'value' | 'scheme'>;
const dcm = (value: string): Code => ({ value, scheme: 'DCM' });
/** A SNOMED CT concept, and the SNOMED-RT code by which DICOM knew it before (PS3.16 annex O). */
const snomed = (sct: string, srt: string): Code[] => [
  { value: sct, scheme: 'SCT' },
  { value: srt, scheme: 'SRT' },
];

/** Concepts of PS3.16 by which a report of anybody is read. */
export const ROLE = {
  imagingMeasurements: [dcm('126010'), dcm('126011')],
  measurementGroup: [dcm('125007')],
  imageLibrary: [dcm('111028')],
  qualitativeEvaluations: [{ value: 'C0034375', scheme: 'UMLS' }, dcm('130290')],

  trackingIdentifier: [dcm('112039')],
  trackingUID: [dcm('112040')],
  finding: [dcm('121071'), { value: '121071', scheme: 'DCMR' }],
  findingCategory: [
    { value: '276214006', scheme: 'SCT' },
    { value: 'R-42BFD', scheme: 'SRT' },
  ],
  findingSite: snomed('363698007', 'G-C0E3'),
  laterality: snomed('272741003', 'G-C171'),
  certainty: [dcm('111012'), dcm('111013')],

  referencedSegment: [dcm('121191'), dcm('121214')],
  /** CID 219: where a thing is, told beside what tells its extent. */
  placeOnly: [dcm('111010'), dcm('111041')],
  sourceSeries: [dcm('121232')],

  algorithmName: [dcm('111001')],
  algorithmParameters: [dcm('111002')],
  algorithmVersion: [dcm('111003')],
  derivation: [dcm('121401')],
  method: snomed('370129005', 'G-C036'),

  observerType: [dcm('121005')],
  personObserver: [dcm('121008')],
  deviceUID: [dcm('121012')],
  deviceName: [dcm('121013')],
  deviceManufacturer: [dcm('121014')],
  deviceModel: [dcm('121015')],

  /** What the group is about in time, not what was found. */
  session: [
    { value: 'C67447', scheme: 'NCIt' },
    { value: 'C2348792', scheme: 'UMLS' },
    dcm('126072'),
    dcm('126073'),
  ],

  /** TID 4006, 4104 and their kin: what a CAD program marked. */
  singleImageFinding: [dcm('111059')],
  compositeFeature: [dcm('111015')],
  renderingIntent: [dcm('111056')],
  notForPresentation: [dcm('111152')],
} as const satisfies Record<string, readonly Code[]>;

/** Our names of measurements, for what has a code that we know: they are translated. */
const NAMES: Array<[name: string, codes: readonly Code[]]> = [
  ['volume', snomed('118565006', 'G-D705')],
  ['longAxis', snomed('103339001', 'G-A185')],
  ['shortAxis', snomed('103340004', 'G-A186')],
  ['sphericity', [{ value: 'QCFX', scheme: 'IBSI' }]],
];
const DERIVED: Array<[name: string, codes: readonly Code[]]> = [
  ['meanIntensity', snomed('373098007', 'R-00317')],
  ['standardDeviation', snomed('386136009', 'R-10047')],
  ['minimumIntensity', snomed('255605001', 'R-404FB')],
  ['maximumIntensity', snomed('56851009', 'G-A437')],
  ['median', snomed('373099004', 'R-00319')],
];
const INTENSITIES: readonly Code[] = [dcm('112031'), dcm('110852')];

const has = (codes: readonly Code[], { value, scheme }: Code): boolean =>
  codes.some(code => code.value === value && code.scheme === scheme);

/** The name of a measurement: ours where we have one, else its own meaning. */
export function measurementName(concept: CodedConcept, derivation?: CodedConcept): string {
  if (derivation) {
    const derived = DERIVED.find(([, codes]) => has(codes, derivation));
    if (derived && has(INTENSITIES, concept)) return derived[0];
    return `${concept.meaning}, ${derivation.meaning}`;
  }
  return NAMES.find(([, codes]) => has(codes, concept))?.[0] ?? concept.meaning;
}
