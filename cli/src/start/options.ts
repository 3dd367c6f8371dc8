import type { Maturity } from './appConfig';

/** What `second-reader start` was asked for, checked. */
export interface StartOptions {
  /** 0 takes any free port. */
  port: number;
  /** Folder of the embedded archive. */
  data: string;
  /** DICOM files and folders to add. */
  dicom: string[];
  /** DICOMweb root of a PACS, in place of the embedded archive. */
  dicomweb?: string;
  /** Version or folder of a stock OHIF. */
  ohif: string;
  /** Left out: `feedback` with the embedded archive, `research` with a PACS. */
  maturity?: Maturity;
  /** A further model package or folder of packages. */
  models?: string;
  /** Fill an empty archive with the sample patient. */
  sample: boolean;
  /** Told about progress and notices, a line each. */
  say?: (line: string) => void;
  /** Rewrites the current line of a terminal; without it progress is not shown. */
  progress?: (line: string) => void;
}
