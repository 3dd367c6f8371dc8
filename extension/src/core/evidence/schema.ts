import { z } from 'zod';
import type { Finding } from '../findings/types';
import { mapGrids, type EvidenceKind, type evidenceFindings } from './table';

/**
 * What each kind of finding can become: only a segment is a Segmentation, only a map a Parametric
 * Map, and a marker needs a place.
 */
export const POSSIBLE_EVIDENCE = {
  segment: ['segmentation', 'report', 'presentationState', 'secondaryCapture', 'keyObjects'],
  detection: ['presentationState', 'report', 'secondaryCapture', 'keyObjects'],
  classification: ['report', 'secondaryCapture', 'keyObjects'],
  regression: ['report', 'secondaryCapture', 'keyObjects'],
  map: ['parametricMap', 'secondaryCapture', 'keyObjects'],
} as const satisfies Record<(typeof evidenceFindings)[number], readonly EvidenceKind[]> &
  Partial<Record<Finding['kind'], readonly EvidenceKind[]>>;

const row = <K extends EvidenceKind>(kinds: readonly [K, ...K[]]) => z.array(z.enum(kinds));

/**
 * Rows of the evidence table as a manifest or a site's configuration gives them; a kind of finding
 * without a row keeps the one it has. An empty row stores nothing of that kind. `mapGrid` is the grid
 * that maps are written on.
 */
export const evidenceTableSchema = z.strictObject({
  segment: row(POSSIBLE_EVIDENCE.segment)
    .refine(kinds => !kinds.includes('report') || kinds.includes('segmentation'), {
      message:
        'a report of segments refers to their segmentation, so "segmentation" is needed beside "report"',
    })
    .optional(),
  detection: row(POSSIBLE_EVIDENCE.detection).optional(),
  classification: row(POSSIBLE_EVIDENCE.classification).optional(),
  regression: row(POSSIBLE_EVIDENCE.regression).optional(),
  map: row(POSSIBLE_EVIDENCE.map).optional(),
  mapGrid: z.enum(mapGrids).optional(),
});
