/**
 * The sample patient and the phantoms that models are trained on: a chest CT made by seeded code,
 * with its ground truth. See `PhantomOptions` for what can vary and `SampleTruth` for `truth.json`.
 */
export { generatePhantoms, type GenerateOptions } from './generate';
export { DEFAULT_OPTIONS, randomOptions, type NoduleOptions, type PhantomOptions } from './options';
export {
  ANATOMY,
  makePhantom,
  makePhantomInBackground,
  type NoduleTruth,
  type Phantom,
  type PhantomTruth,
  type StructureTruth,
} from './phantom';
export {
  sampleInstances,
  sampleUids,
  writeSampleTruth,
  type SampleInstance,
  type SampleStudyTruth,
  type SampleTruth,
} from './sample';
export { uidsOf, writeSlice, type StudyIdentity, type StudyUids } from './dicom';
export { writeNifti } from './nifti';
