/** Id and name of the mode's hanging protocol. */
export const AI_READING_PROTOCOL = '@second-reader/ai-reading';

/** A study by its place in the address: 0 is the one being read, 1 the one to compare with. */
const studyNumber = (value: number, required: boolean) => [
  {
    attribute: 'studyInstanceUIDsIndex',
    from: 'options',
    required,
    weight: 10,
    constraint: { equals: { value } },
  },
];

/**
 * Prefers, by falling weight: what the address asks for, CT, what is a volume. Only images are
 * taken, so a study of other images still shows its first, and stored SEG and SR never come first.
 */
const imagesPreferringCT = [
  { attribute: 'numImageFrames', required: true, constraint: { greaterThan: { value: 0 } } },
  { attribute: 'isDisplaySetFromUrl', weight: 40, constraint: { equals: true } },
  { attribute: 'Modality', weight: 20, constraint: { equals: { value: 'CT' } } },
  { attribute: 'isReconstructable', weight: 10, constraint: { equals: { value: true } } },
  { attribute: 'numImageFrames', weight: 5, constraint: { greaterThan: { value: 20 } } },
];

/** Segmentations shown in one viewport are shown in every viewport of the same frame of reference. */
const sameFrameOfReference = {
  type: 'hydrateseg',
  id: 'sameFORId',
  source: true,
  target: true,
  options: { matchingRules: ['sameFOR'] },
};

const viewport = (displaySet: string) => ({
  viewportOptions: {
    viewportType: 'stack',
    toolGroupId: 'default',
    allowUnmatchedView: true,
    initialImageOptions: { preset: 'middle' },
    syncGroups: [sameFrameOfReference],
  },
  displaySets: [{ id: displaySet }],
});

const stage = (name: string, minViewportsMatched: number, displaySets: string[]) => ({
  name,
  stageActivation: { enabled: { minViewportsMatched } },
  viewportStructure: {
    layoutType: 'grid',
    properties: { rows: 1, columns: displaySets.length },
  },
  viewports: displaySets.map(viewport),
});

const protocol = {
  id: AI_READING_PROTOCOL,
  name: 'AI reading',
  description: 'The CT to be read, with the study to compare beside it when one is opened along',
  locked: true,
  protocolMatchingRules: [],
  toolGroupIds: ['default'],
  numberOfPriorsReferenced: 0,
  /** For viewports that the user adds with the layout tool. */
  defaultViewport: {
    ...viewport('current'),
    displaySets: [{ id: 'current', matchedDisplaySetsIndex: -1 }],
  },
  displaySetSelectors: {
    current: {
      studyMatchingRules: studyNumber(0, false),
      seriesMatchingRules: imagesPreferringCT,
    },
    prior: {
      studyMatchingRules: studyNumber(1, true),
      seriesMatchingRules: imagesPreferringCT,
    },
  },
  stages: [stage('Current and prior', 2, ['current', 'prior']), stage('Current', 0, ['current'])],
};

export function getHangingProtocolModule(): unknown[] {
  return [{ name: AI_READING_PROTOCOL, protocol }];
}
