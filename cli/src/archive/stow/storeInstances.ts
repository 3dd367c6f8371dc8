import type { Refusal } from '@second-reader/core/outcome';
import type { Archive } from '../store/archive';
import type { JsonDataSet } from '../part10/dicomJson';
import { identityOf } from '../part10/identity';
import { readPart10 } from '../part10/reader';
import type { Part } from './multipart';

/** Failure Reason (0008,1197): PS3.4 table B.2-1, PS3.7 C, PS3.18 table I.2-2. */
const FAILURE_REASON: Record<string, number> = {
  archiveFull: 0xa700,
  archiveWriteFailed: 0x0110,
  duplicateInstance: 0x0111,
  otherStudy: 0xa900,
  missingUid: 0xc000,
  invalidUid: 0xc000,
  truncatedDicom: 0xc000,
  notDicom: 0xc000,
};
const CANNOT_UNDERSTAND = 0xc000;
/** Warning Reason (0008,1196): the data set does not match the SOP Class, PS3.4 table B.2-1. */
const DOES_NOT_MATCH = 0xb007;

/** What came of one part, and the data set items that say so. */
interface PartResult {
  item: JsonDataSet;
  kind: 'referenced' | 'failed' | 'other';
}

const us = (value: number) => ({ vr: 'US', Value: [value] });
const ui = (value: string) => ({ vr: 'UI', Value: [value] });
/** Error Comment (0000,0902), as other archives give it: LO, at most 64 characters in a message; here whole. */
const comment = (message: string) => ({ vr: 'LO', Value: [message] });

function failure(refusal: Refusal, part: Part): PartResult {
  const reason = {
    '00081197': us(FAILURE_REASON[refusal.code] ?? CANNOT_UNDERSTAND),
    '00000902': comment(refusal.message),
  };
  const read = readPart10(part.body);
  const identity = read.ok ? identityOf(read.value) : read;
  return identity.ok
    ? {
        kind: 'failed',
        item: {
          '00081150': ui(identity.value.sopClassUID),
          '00081155': ui(identity.value.sopInstanceUID),
          ...reason,
        },
      }
    : { kind: 'other', item: reason };
}

async function storePart(
  archive: Archive,
  part: Part,
  studyInstanceUID: string | undefined,
  rootUrl: string,
): Promise<PartResult> {
  if (studyInstanceUID) {
    const read = readPart10(part.body);
    const identity = read.ok ? identityOf(read.value) : undefined;
    if (identity?.ok && identity.value.studyInstanceUID !== studyInstanceUID) {
      const found = identity.value.studyInstanceUID;
      return failure(
        {
          code: 'otherStudy',
          values: { found, expected: studyInstanceUID },
          message: `The instance belongs to study ${found}, the request is for ${studyInstanceUID}.`,
        },
        part,
      );
    }
  }
  // The part is a view of the request body; the archive writes it out before this resolves.
  const stored = await archive.store(part.body);
  if (!stored.ok) {
    return failure(stored.refusal, part);
  }
  const { instance, warnings } = stored.value;
  const item: JsonDataSet = {
    '00081150': ui(instance.sopClassUID),
    '00081155': ui(instance.sopInstanceUID),
    '00081190': {
      vr: 'UR',
      Value: [
        `${rootUrl}/studies/${instance.studyInstanceUID}/series/${instance.seriesInstanceUID}/instances/${instance.sopInstanceUID}`,
      ],
    },
  };
  if (warnings.length > 0) {
    item['00081196'] = us(DOES_NOT_MATCH);
    item['00000902'] = comment(warnings.join('; '));
  }
  return { kind: 'referenced', item };
}

/**
 * Stores the parts of a STOW-RS request, one after another, and makes the Store Instances Response
 * (PS3.18 I.2). Status: 200 all stored, 202 some failed or have warnings, 409 none was stored.
 */
export async function storeInstances(
  archive: Archive,
  request: { parts: Part[]; complete: boolean; studyInstanceUID?: string; rootUrl: string },
): Promise<{ status: number; dataSet: JsonDataSet }> {
  const results: PartResult[] = [];
  for (const [index, part] of request.parts.entries()) {
    const cutShort = !request.complete && index === request.parts.length - 1;
    results.push(
      cutShort
        ? {
            kind: 'other',
            item: {
              '00081197': us(CANNOT_UNDERSTAND),
              '00000902': comment('The request ended in the middle of this part; send it again.'),
            },
          }
        : await storePart(archive, part, request.studyInstanceUID, request.rootUrl),
    );
  }
  const items = (kind: PartResult['kind']) =>
    results.filter(result => result.kind === kind).map(result => result.item);
  const [referenced, failed, other] = [items('referenced'), items('failed'), items('other')];
  const dataSet: JsonDataSet = {};
  if (request.studyInstanceUID) {
    dataSet['00081190'] = {
      vr: 'UR',
      Value: [`${request.rootUrl}/studies/${request.studyInstanceUID}`],
    };
  }
  if (referenced.length > 0) dataSet['00081199'] = { vr: 'SQ', Value: referenced };
  if (failed.length > 0) dataSet['00081198'] = { vr: 'SQ', Value: failed };
  if (other.length > 0) dataSet['0008119A'] = { vr: 'SQ', Value: other };
  const warned = referenced.some(item => item['00081196']);
  const refused = failed.length + other.length > 0;
  const status = referenced.length === 0 ? 409 : refused || warned ? 202 : 200;
  return { status, dataSet };
}
