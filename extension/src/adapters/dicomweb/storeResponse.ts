import { z } from 'zod';
import type { EvidenceObject, InstanceAcknowledgement } from '../../core/reading/ports';

/** DICOM JSON, as far as a Store Instances Response Module needs it (PS3.18 Table I.1-1). */
const text = z.object({ Value: z.array(z.string()).optional() }).optional();
const number = z.object({ Value: z.array(z.number()).optional() }).optional();
const sequence = <T extends z.ZodType>(item: T) =>
  z.object({ Value: z.array(item).optional() }).optional();

const response = z.object({
  /** ReferencedSOPSequence */
  '00081199': sequence(
    z.object({
      /** ReferencedSOPInstanceUID */
      '00081155': text,
      /** WarningReason */
      '00081196': number,
    }),
  ),
  /** FailedSOPSequence */
  '00081198': sequence(
    z.object({
      '00081155': text,
      /** FailureReason */
      '00081197': number,
    }),
  ),
});

/** PS3.18 I.2.1 (warnings) and I.2.2 (failures); others are shown by their number. */
const REASONS: Record<number, string> = {
  0xb000: 'coercion of data elements',
  0xb006: 'elements discarded',
  0xb007: 'data set does not match its SOP Class',
  0x0110: 'processing failure',
  0x0112: 'no such SOP instance',
  0x0122: 'SOP class not supported',
  0x0124: 'not authorised',
  0x0131: 'out of resources: too many attributes',
  0xa700: 'out of resources',
  0xa900: 'data set does not match its SOP Class',
  0xc000: 'cannot understand the data set',
  0xc122: 'transfer syntax not supported',
};

/**
 * Duplicate SOP instance: the archive has one of this UID. Ours derive from what is in the object,
 * so it is the same result, stored before from here or from another workstation.
 */
const DUPLICATE = 0x0111;

const reasonOf = (code: number | undefined): string =>
  code === undefined
    ? 'no reason given'
    : `${REASONS[code] ?? 'reason unknown to the standard'} (0x${code.toString(16).toUpperCase().padStart(4, '0')})`;

/**
 * What the archive said of each object sent (PS3.18 10.5.3). An object that the answer does not
 * name is not in the list: nothing is called stored that the archive did not acknowledge. An answer
 * without a body acknowledges everything only with status 200 (some archives answer so).
 *
 * @returns nothing when the body is not a Store Instances Response.
 */
export const parseStoreResponse = (
  status: number,
  body: unknown,
  sent: EvidenceObject[],
): InstanceAcknowledgement[] | undefined => {
  if (body === undefined && status === 200) {
    return sent.map(({ sopInstanceUID }) => ({ state: 'stored', sopInstanceUID }));
  }
  const parsed = response.safeParse(body);
  if (!parsed.success) return undefined;
  const referenced = parsed.data['00081199']?.Value ?? [];
  const failed = parsed.data['00081198']?.Value ?? [];
  const uids = new Set(sent.map(({ sopInstanceUID }) => sopInstanceUID));
  const answers = [
    ...referenced.map((item): InstanceAcknowledgement => {
      const code = item['00081196']?.Value?.[0];
      return {
        state: 'stored',
        sopInstanceUID: item['00081155']?.Value?.[0] ?? '',
        warning: code === undefined ? undefined : reasonOf(code),
      };
    }),
    ...failed.map((item): InstanceAcknowledgement => {
      const sopInstanceUID = item['00081155']?.Value?.[0] ?? '';
      const code = item['00081197']?.Value?.[0];
      return code === DUPLICATE
        ? { state: 'stored', sopInstanceUID }
        : { state: 'refused', sopInstanceUID, reason: reasonOf(code) };
    }),
  ];
  return answers.filter(({ sopInstanceUID }) => uids.has(sopInstanceUID));
};
