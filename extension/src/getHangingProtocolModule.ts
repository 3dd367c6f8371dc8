/** The mode's hanging protocols: the study alone, and with the one to compare beside it. */
export const AI_READING_PROTOCOL = '@second-reader/ai-reading';
export const AI_COMPARISON_PROTOCOL = '@second-reader/ai-comparison';

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

const stage = (name: string, displaySets: string[]) => ({
  name,
  viewportStructure: {
    layoutType: 'grid',
    properties: { rows: 1, columns: displaySets.length },
  },
  viewports: displaySets.map(viewport),
});

const current = {
  studyMatchingRules: studyNumber(0, false),
  seriesMatchingRules: imagesPreferringCT,
};
const prior = { studyMatchingRules: studyNumber(1, true), seriesMatchingRules: imagesPreferringCT };

const common = {
  locked: true,
  toolGroupIds: ['default'],
  /** For viewports that the user adds with the layout tool. */
  defaultViewport: {
    ...viewport('current'),
    displaySets: [{ id: 'current', matchedDisplaySetsIndex: -1 }],
  },
};

const reading = {
  ...common,
  id: AI_READING_PROTOCOL,
  name: 'AI reading',
  description: 'The CT to be read',
  // Holds for every study: the one that is left when no other fits better.
  protocolMatchingRules: [
    { weight: 1, attribute: 'StudyInstanceUID', constraint: { notNull: true } },
  ],
  numberOfPriorsReferenced: 0,
  displaySetSelectors: { current },
  stages: [stage('Current', ['current'])],
};

// A protocol of its own and not a stage: hosts start at the first stage even if it cannot be filled.
const comparison = {
  ...common,
  id: AI_COMPARISON_PROTOCOL,
  name: 'AI reading with prior',
  description: 'The CT to be read, and beside it the study opened along with it',
  protocolMatchingRules: [
    {
      weight: 1000,
      attribute: 'StudyInstanceUID',
      from: 'prior',
      required: true,
      constraint: { notNull: true },
    },
  ],
  numberOfPriorsReferenced: 1,
  displaySetSelectors: { current, prior },
  stages: [stage('Current and prior', ['current', 'prior'])],
};

export function getHangingProtocolModule(): unknown[] {
  return [reading, comparison].map(protocol => ({ name: protocol.id, protocol }));
}
