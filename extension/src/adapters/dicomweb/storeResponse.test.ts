import type { EvidenceObject } from '../../core/reading/ports';
import { parseStoreResponse } from './storeResponse';

const object = (sopInstanceUID: string): EvidenceObject => ({
  sopClassUID: '1.2.840.10008.5.1.4.1.1.66.4',
  sopInstanceUID,
  seriesInstanceUID: '1.1',
  studyInstanceUID: '1',
  part10: new ArrayBuffer(0),
});
const sent = [object('1.5'), object('1.6')];
const uid = (value: string) => ({ vr: 'UI', Value: [value] });
const code = (value: number) => ({ vr: 'US', Value: [value] });

describe('a Store Instances Response', () => {
  it('is read instance by instance, failures and warnings with their reasons', () => {
    const body = {
      '00081199': { vr: 'SQ', Value: [{ '00081155': uid('1.5'), '00081196': code(0xb000) }] },
      '00081198': { vr: 'SQ', Value: [{ '00081155': uid('1.6'), '00081197': code(0xa700) }] },
    };
    expect(parseStoreResponse(202, body, sent)).toEqual([
      { state: 'stored', sopInstanceUID: '1.5', warning: 'coercion of data elements (0xB000)' },
      { state: 'refused', sopInstanceUID: '1.6', reason: 'out of resources (0xA700)' },
    ]);
  });

  it('takes a duplicate for what it is: the archive has the same result already', () => {
    const body = {
      '00081198': { vr: 'SQ', Value: [{ '00081155': uid('1.5'), '00081197': code(0x0111) }] },
    };
    expect(parseStoreResponse(409, body, sent)).toEqual([
      { state: 'stored', sopInstanceUID: '1.5' },
    ]);
  });

  it('does not acknowledge what it does not name, nor what was not sent', () => {
    const body = { '00081199': { vr: 'SQ', Value: [{ '00081155': uid('9.9') }] } };
    expect(parseStoreResponse(200, body, sent)).toEqual([]);
  });

  it('acknowledges everything without a body only with status 200', () => {
    expect(parseStoreResponse(200, undefined, sent)).toHaveLength(2);
    expect(parseStoreResponse(202, undefined, sent)).toBeUndefined();
  });

  const refusing = (reason: number, comment?: string) => ({
    '00081198': {
      vr: 'SQ',
      Value: [
        {
          '00081155': uid('1.5'),
          '00081197': code(reason),
          ...(comment && { '00000902': { vr: 'LO', Value: [comment] } }),
        },
      ],
    },
  });

  it.each([
    [0x0122, 'SOP class not supported (0x0122)', 'classNotSupported'],
    [0xa912, 'data set does not match its SOP Class (0xA912)', 'classNotSupported'],
    [0xa701, 'out of resources (0xA701)', undefined],
    [0x0110, 'processing failure (0x0110)', undefined],
    [0xc403, 'cannot understand the data set (0xC403)', 'content'],
    [0x0120, 'missing attribute (0x0120)', 'content'],
    [0x7777, 'reason unknown to the standard (0x7777)', undefined],
  ])('names failure %i in words, and whether it may pass', (reason, words, cause) => {
    expect(parseStoreResponse(409, refusing(reason), [sent[0]])).toEqual([
      { state: 'refused', sopInstanceUID: '1.5', reason: words, cause },
    ]);
  });

  it('adds what the archive says in words of its own', () => {
    const [said] = parseStoreResponse(202, refusing(0xa700, 'quota of tenant 7'), sent) ?? [];
    expect(said).toMatchObject({ reason: 'out of resources (0xA700): quota of tenant 7' });
  });

  it('takes a failure without a name for the one object that was sent', () => {
    const body = { '0008119A': { vr: 'SQ', Value: [{ '00081197': code(0xc000) }] } };
    expect(parseStoreResponse(409, body, [sent[0]])).toMatchObject([
      { state: 'refused', sopInstanceUID: '1.5', cause: 'content' },
    ]);
    expect(parseStoreResponse(409, body, sent)).toEqual([]);
  });

  it.each([
    [409, undefined],
    [409, {}],
    [415, 'Unsupported Media Type'],
    [413, '<html>'],
  ])('takes status %i with %j for the refusal that it is', (status, body) => {
    expect(parseStoreResponse(status, body, [sent[0]])).toMatchObject([
      { state: 'refused', sopInstanceUID: '1.5', reason: expect.stringContaining(`${status}`) },
    ]);
  });

  it('is told from something else', () => {
    expect(parseStoreResponse(200, 'OK', sent)).toBeUndefined();
    expect(parseStoreResponse(200, { '00081199': { Value: 'x' } }, sent)).toBeUndefined();
    expect(parseStoreResponse(500, undefined, sent)).toBeUndefined();
  });
});
