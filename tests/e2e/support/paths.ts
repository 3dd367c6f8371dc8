import os from 'node:os';
import path from 'node:path';

export const ROOT = path.resolve(__dirname, '../../..');
export const CLI = path.join(ROOT, 'cli/dist/second-reader.js');
/** One folder for all that a test run writes; emptied by the global set-up. */
export const SCRATCH = path.join(os.tmpdir(), 'second-reader-e2e');
/** The archive with the sample patient, made once and copied for every server. */
export const SAMPLE_DATA = path.join(SCRATCH, 'sample');

/** The OHIF builds that the plugin is tested on. */
export const OHIF_BUILDS = ['3.11.1', '3.12.10', '3.13.2', '3.14.0-beta.6'] as const;
export const DEFAULT_OHIF = '3.13.2';
