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
      /** ErrorComment, which some archives add */
      '00000902': text,
    }),
  ),
  /** FailedSOPSequence */
  '00081198': sequence(
    z.object({
      '00081155': text,
      /** FailureReason */
      '00081197': number,
      '00000902': text,
    }),
  ),
  /** OtherFailuresSequence: of what the archive could not even name. */
  '0008119A': sequence(z.object({ '00081197': number, '00000902': text })),
});

/** PS3.18 I.2.1 (warnings) and I.2.2 (failures), PS3.7 annex C; others are shown by their number. */
const REASONS: Record<number, string> = {
  0xb000: 'coercion of data elements',
  0xb006: 'elements discarded',
  0xb007: 'data set does not match its SOP Class',
  0x0105: 'no such attribute',
  0x0106: 'invalid attribute value',
  0x0110: 'processing failure',
  0x0112: 'no such SOP instance',
  0x0115: 'invalid argument value',
  0x0116: 'attribute value out of range',
  0x0117: 'invalid object instance',
  0x0118: 'no such SOP class',
  0x0119: 'class and instance do not belong together',
  0x0120: 'missing attribute',
  0x0121: 'missing attribute value',
  0x0122: 'SOP class not supported',
  0x0124: 'not authorised',
  0x0131: 'out of resources: too many attributes',
  0x0213: 'resource limitation',
  0xa770: 'out of resources: the transfer cannot be made',
  0xc122: 'transfer syntax not supported',
};
/** Ranges of PS3.4 B.2.3: the last digits are each archive's own. */
const RANGES: Array<[from: number, to: number, reason: string]> = [
  [0xa700, 0xa7ff, 'out of resources'],
  [0xa900, 0xa9ff, 'data set does not match its SOP Class'],
  [0xc000, 0xcfff, 'cannot understand the data set'],
];

type Cause = Extract<InstanceAcknowledgement, { state: 'refused' }>['cause'];

/** Whether another kind of object may do, or nothing will until somebody changes something. */
const causeOf = (code: number | undefined): Cause => {
  if (code === undefined) return undefined;
  if (code === 0x0122 || code === 0x0118 || code === 0x0112) return 'classNotSupported';
  if (code >= 0xa900 && code <= 0xa9ff) return 'classNotSupported';
  if (code >= 0xc000 && code <= 0xcfff) return 'content';
  return code >= 0x0105 && code <= 0x0121 && code !== 0x0110 ? 'content' : undefined;
};

/** Statuses that speak of the whole request, which held one kind of thing (PS3.18 table 10.5.3-1). */
const STATUSES: Record<number, { reason: string; cause: Cause }> = {
  400: { reason: 'bad request (status 400)', cause: 'content' },
  409: { reason: 'conflict, no reason given (status 409)', cause: 'classNotSupported' },
  413: { reason: 'too large for the archive (status 413)', cause: 'content' },
  415: { reason: 'type of object not supported (status 415)', cause: 'classNotSupported' },
  507: { reason: 'out of storage (status 507)', cause: undefined },
};

/** Failure and warning reasons and statuses that are known by name; of a range, its first number. */
export const REASON_NUMBERS: readonly string[] = [
  ...new Set([...Object.keys(REASONS).map(Number), ...RANGES.map(([from]) => from)]),
]
  .map(code => code.toString(16).toUpperCase().padStart(4, '0'))
  .concat(Object.keys(STATUSES));

/**
 * Duplicate SOP instance: the archive has one of this UID. Ours derive from what is in the object,
 * so it is the same result, stored before from here or from another workstation.
 */
const DUPLICATE = 0x0111;

const reasonOf = (code: number | undefined, comment: string | undefined): string => {
  const said = comment ? `: ${comment}` : '';
  if (code === undefined) return comment ?? 'no reason given';
  const named =
    REASONS[code] ??
    RANGES.find(([from, to]) => code >= from && code <= to)?.[2] ??
    'reason unknown to the standard';
  return `${named} (0x${code.toString(16).toUpperCase().padStart(4, '0')})${said}`;
};

const says = (parsed: z.infer<typeof response>): boolean =>
  (['00081199', '00081198', '0008119A'] as const).some(tag => parsed[tag]?.Value?.length);

/**
 * What the archive said of each object sent (PS3.18 10.5.3). An object that the answer does not
 * name is not in the list: nothing is called stored that the archive did not acknowledge. An answer
 * without a body acknowledges everything only with status 200 (some archives answer so), and refuses
 * everything with the statuses that mean that.
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
  if (!parsed.success || (status >= 400 && !says(parsed.data))) {
    const whole = STATUSES[status];
    return (
      whole && sent.map(({ sopInstanceUID }) => ({ ...whole, state: 'refused', sopInstanceUID }))
    );
  }
  const referenced = parsed.data['00081199']?.Value ?? [];
  // What could not be named was the only one sent, or else which one it was is not known.
  const unnamed = sent.length === 1 ? (parsed.data['0008119A']?.Value ?? []) : [];
  const failed = [
    ...(parsed.data['00081198']?.Value ?? []),
    ...unnamed.map(item => ({ ...item, '00081155': { Value: [sent[0].sopInstanceUID] } })),
  ];
  const uids = new Set(sent.map(({ sopInstanceUID }) => sopInstanceUID));
  const answers = [
    ...referenced.map((item): InstanceAcknowledgement => {
      const code = item['00081196']?.Value?.[0];
      const comment = item['00000902']?.Value?.[0];
      return {
        state: 'stored',
        sopInstanceUID: item['00081155']?.Value?.[0] ?? '',
        warning: code === undefined ? undefined : reasonOf(code, comment),
      };
    }),
    ...failed.map((item): InstanceAcknowledgement => {
      const sopInstanceUID = item['00081155']?.Value?.[0] ?? '';
      const code = item['00081197']?.Value?.[0];
      return code === DUPLICATE
        ? { state: 'stored', sopInstanceUID }
        : {
            state: 'refused',
            sopInstanceUID,
            reason: reasonOf(code, item['00000902']?.Value?.[0]),
            cause: causeOf(code),
          };
    }),
  ];
  return answers.filter(({ sopInstanceUID }) => uids.has(sopInstanceUID));
};
