import type { RunResult } from '../findings/types';
import type { Maturity } from './state';

/** What the site allows to be stored: of all models, and of single ones by their id. */
export interface MaturitySettings {
  maturity: Maturity;
  maturityOf?: Readonly<Record<string, Maturity>>;
}

/** Of a result: its model's, or the site's. A result of another program has no model of ours. */
export const maturityOfRun = (
  { maturity, maturityOf }: MaturitySettings,
  { provenance, foreign }: Pick<RunResult, 'provenance' | 'foreign'>,
): Maturity => (foreign ? maturity : (maturityOf?.[provenance.modelId] ?? maturity));

/** Whether anything may be stored at all: then drafts are kept, too. */
export const storesAnything = ({ maturity, maturityOf }: MaturitySettings): boolean =>
  [maturity, ...Object.values(maturityOf ?? {})].some(level => level !== 'research');
