import type { StoredReading } from '../../core/reading/ports';
import type { Review } from '../../core/review/types';
import { inOrder, type ReadReport } from './readReport';

/** Reports that judge one result, oldest first: by its name, or else by the objects it was read from. */
function reportsOn({ run }: StoredReading, reports: readonly ReadReport[]): ReadReport[][] {
  const objects = new Set((run.foreign?.instances ?? []).map(each => each.sopInstanceUID));
  const chains = new Map<string, ReadReport[]>();
  for (const report of reports) {
    const { reviewed } = report;
    if (!reviewed) continue;
    const isOf = reviewed.runId === run.runId || reviewed.instances.some(uid => objects.has(uid));
    if (!isOf) continue;
    chains.set(reviewed.runId, [...(chains.get(reviewed.runId) ?? []), report]);
  }
  return [...chains.values()]
    .map(inOrder)
    .sort((a, b) => (a.at(-1)!.order < b.at(-1)!.order ? -1 : 1));
}

/**
 * Other programs' results with the reviews of their findings that our own reports hold, by the
 * latest report on each; our reports are added to what a reading was read from. Results that no one
 * reviewed, and our own, are given back as they are.
 */
export function withReviews(
  readings: readonly StoredReading[],
  reports: readonly ReadReport[],
): StoredReading[] {
  return readings.map(reading => {
    if (!reading.run.foreign) return reading;
    const chains = reportsOn(reading, reports);
    if (chains.length === 0) return reading;
    const said = new Map<string, Review>();
    for (const chain of chains) {
      for (const [id, { review }] of chain.at(-1)!.findings) if (review) said.set(id, review);
    }
    return {
      ...reading,
      reviews: reading.run.findings.flatMap(({ id }) => said.get(id) ?? []),
      instances: [
        ...reading.instances,
        ...chains.flat().map(({ sopInstanceUID }) => sopInstanceUID),
      ],
    };
  });
}
