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

  it('is told from something else', () => {
    expect(parseStoreResponse(200, 'OK', sent)).toBeUndefined();
    expect(parseStoreResponse(200, { '00081199': { Value: 'x' } }, sent)).toBeUndefined();
  });
});
