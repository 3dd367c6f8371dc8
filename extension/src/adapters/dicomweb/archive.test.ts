import { ctSlice, part10 } from '../../../../cli/src/testing/dicom';
import { startArchive, type ArchiveServer } from '../../../../cli/src/testing/archiveServer';
import type { Refusal } from '../../core/outcome';
import { createEvidenceArchive } from './archive';

/** Against the command line's own archive over HTTP; Orthanc is asked in tests/e2e. */

const STORAGE = '1.2.840.10008.5.1.4.1.1.';
const STUDY = '1.7';
const OURS = 'Second Reader';
let server: ArchiveServer;
let uids = 0;

beforeEach(async () => {
  server = await startArchive();
});
afterEach(() => server.close());

const object = (
  sopClass: string,
  modality: string,
  more: { manufacturer?: string; series?: string; comment?: string } = {},
) =>
  part10({
    SOPClassUID: `${STORAGE}${sopClass}`,
    SOPInstanceUID: `${STUDY}.3.${++uids}`,
    StudyInstanceUID: STUDY,
    SeriesInstanceUID: more.series ?? `${STUDY}.2.${uids}`,
    PatientID: 'T1',
    Modality: modality,
    Manufacturer: more.manufacturer ?? 'Somebody else',
    SeriesNumber: uids,
    InstanceNumber: uids,
    ImageComments: more.comment ?? '',
  });

const archiveOf = (
  limits?: Parameters<typeof createEvidenceArchive>[2],
  root: string = server.root,
) =>
  createEvidenceArchive(
    () => ({ qidoRoot: root, wadoRoot: root, stowRoot: root, headers: () => ({}) }),
    OURS,
    limits,
  );

const retrieved = async (archive: ReturnType<typeof archiveOf>) => {
  const skipped: Refusal[] = [];
  const files = await archive.retrieveEvidence(STUDY, told => skipped.push(told));
  if (!files.ok) throw new Error(files.refusal.message);
  return { files: files.value.map(file => Buffer.from(file)), skipped };
};

const slice = (number: number) =>
  ctSlice({ studyInstanceUID: STUDY, seriesInstanceUID: `${STUDY}.2`, number });

describe('evidence of a study', () => {
  it('is what everybody made, ours first, as it was stored; images and dose reports are not', async () => {
    const [seg, sr, pm, sc, ours] = [
      object('66.7', 'SEG'),
      object('88.33', 'SR'),
      object('30', 'CT'),
      object('7.4', 'OT'),
      object('88.34', 'SR', { manufacturer: OURS }),
    ];
    await server.store([slice(1), slice(2), object('88.67', 'SR'), sc, pm, sr, seg, ours]);
    const { files, skipped } = await retrieved(archiveOf());
    expect(files).toEqual([ours, seg, sr, pm, sc]);
    expect(skipped).toEqual([]);
  });

  it('is nothing in a study that has none', async () => {
    await server.store([slice(1)]);
    expect((await retrieved(archiveOf())).files).toEqual([]);
  });

  it('is found in an archive that does not match SOP classes, without asking of each acquisition', async () => {
    const [seg, pm] = [object('66.4', 'SEG'), object('30', 'CT')];
    const images = Array.from({ length: 20 }, (_, index) => slice(index + 1));
    await server.store([...images, seg, pm]);
    const asked: string[] = [];
    const real = globalThis.fetch;
    const spy = jest.spyOn(globalThis, 'fetch').mockImplementation(async (url, init) => {
      asked.push(String(url));
      return String(url).includes('SOPClassUID=')
        ? new Response('{"error": "SOPClassUID is no key of mine"}', { status: 400 })
        : real(url, init);
    });
    try {
      expect((await retrieved(archiveOf())).files).toEqual([seg, pm]);
    } finally {
      spy.mockRestore();
    }
    expect(asked.filter(url => url.includes(`series/${STUDY}.2/`))).toEqual([]);
  });

  it('is left out above the limits, the least telling first, and said to be', async () => {
    const captures = Array.from({ length: 3 }, () => object('7', 'OT'));
    const seg = object('66.4', 'SEG');
    await server.store([...captures, seg]);
    const { files, skipped } = await retrieved(archiveOf({ instances: 2, bytes: 1e6 }));
    expect(files).toEqual([seg, captures[0]]);
    expect(skipped).toMatchObject([{ code: 'evidenceTooMuch', values: { what: '2 SC' } }]);

    const large = object('88.33', 'SR', { comment: 'long '.repeat(2000) });
    await server.store([large]);
    const byBytes = await retrieved(archiveOf({ instances: 100, bytes: 8000 }));
    expect(byBytes.files).toEqual([seg, ...captures]);
    expect(byBytes.skipped).toMatchObject([
      { code: 'evidenceTooMuch', values: { what: '1 SR', instances: 100 } },
    ]);
  });

  it('that cannot all be fetched is shown as far as it can, and what is missing is said', async () => {
    const [seg, sr] = [object('66.4', 'SEG'), object('88.33', 'SR')];
    await server.store([seg, sr]);
    const real = globalThis.fetch;
    const spy = jest
      .spyOn(globalThis, 'fetch')
      .mockImplementation(async (url, init) =>
        String(url).endsWith(`.3.${uids}`) ? new Response('', { status: 500 }) : real(url, init),
      );
    try {
      const { files, skipped } = await retrieved(archiveOf());
      expect(files).toEqual([seg]);
      expect(skipped).toMatchObject([{ code: 'evidenceNotFetched', values: { what: '1 SR' } }]);
    } finally {
      spy.mockRestore();
    }
  });

  it('refuses when the archive is not there', async () => {
    const nobody = archiveOf(undefined, 'http://127.0.0.1:9/dicom-web');
    expect(await nobody.retrieveEvidence(STUDY)).toMatchObject({
      ok: false,
      refusal: { code: 'archiveUnreachable' },
    });
  });
});
