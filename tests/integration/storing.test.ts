import 'fake-indexeddb/auto';
import { until } from '../../extension/src/core/reading/readings.testing';
import { refusing, warning } from '../support/faultyArchive';
import { storingSite, type SettingChanges } from '../support/storingSite';

/**
 * Storing from a verdict to the archive, with the real writer, outbox, DICOMweb client and archive,
 * and everything that can go wrong between. Only the host and the model are stand-ins.
 */

const SEG = '1.2.840.10008.5.1.4.1.1.66.4';
const LABELMAP = '1.2.840.10008.5.1.4.1.1.66.7';
const SR = '1.2.840.10008.5.1.4.1.1.88.34';

const site = storingSite();

const openPage = async (changes: SettingChanges = {}) => {
  const page = await site.openPage(changes);
  const { get } = page;
  const findings = () => until(get, state => state.findings.length === 2 && !state.active);
  return { ...page, findings, codes: () => get().refusals.map(({ code }) => code) };
};

/** A reading with its first finding accepted. */
const judged = async (changes: SettingChanges = {}) => {
  const page = await openPage(changes);
  const { findings } = await page.findings();
  page.reading.reviewFinding({ findingId: findings[0].id, verdict: 'accepted' });
  return page;
};

const classes = async () => (await site.evidence()).map(({ sopClassUID }) => sopClassUID).sort();

/** After whatever happened: a new page shows everything as stored, and storing again sends nothing. */
const expectAllStored = async (objects: number, changes: SettingChanges = {}) => {
  expect(await site.evidence()).toHaveLength(objects);
  expect(await (await site.database).count('outbox')).toBe(0);
  const later = await openPage(changes);
  const state = await later.findings();
  expect(later.runs).toEqual([]);
  expect(state.findings.map(({ verdict }) => verdict)).toEqual(['accepted', 'notReviewed']);
  expect(state.runs).toMatchObject([{ stored: 'stored', changedSinceStored: false }]);
  const { length } = site.archive.sent;
  await later.reading.storeEvidence();
  expect(site.archive.sent).toHaveLength(length);
  expect(await site.evidence()).toHaveLength(objects);
};

describe('evidence on its way to the archive', () => {
  it('is stored once, one instance a request', async () => {
    const page = await judged();
    await page.reading.storeEvidence();
    expect(page.get()).toMatchObject({ runs: [{ stored: 'stored' }], outbox: { pending: 0 } });
    expect(await classes()).toEqual([SEG, SR]);
    expect(page.codes()).toEqual([]);
    await expectAllStored(2);
  });

  it('stays with the one of five that the archive refuses, and says which reason it gave', async () => {
    const evidenceOfFive = {
      evidence: {
        segment: [
          'segmentation',
          'report',
          'presentationState',
          'secondaryCapture',
          'keyObjects',
        ] as const,
      },
    };
    const page = await judged(evidenceOfFive);
    site.archive.fault = ({ sopClassUID, sopInstanceUID }) =>
      sopClassUID === SR ? { status: 409, body: refusing(sopInstanceUID, 0xa700) } : undefined;
    await page.reading.storeEvidence();
    expect(site.archive.sent).toHaveLength(5);
    expect(await site.evidence()).toHaveLength(4);
    expect(page.get()).toMatchObject({
      runs: [{ stored: 'failed', storeError: { code: 'archiveRefusedInstances' } }],
      outbox: { pending: 1, objects: 1, nextAttemptAt: expect.any(String) },
    });
    expect(page.get().runs[0].storeError?.message).toContain('out of resources (0xA700)');

    site.archive.fault = undefined;
    await page.reading.retryOutbox();
    expect(site.archive.sent).toHaveLength(6);
    expect(page.get()).toMatchObject({ runs: [{ stored: 'stored' }], outbox: { pending: 0 } });
    expect(page.codes()).toEqual([]);
    await expectAllStored(5, evidenceOfFive);
  });

  it('waits while the archive is down for the whole reading, and is stored the next day', async () => {
    const today = await judged();
    await site.archive.down();
    await today.reading.storeEvidence();
    expect(today.get()).toMatchObject({
      runs: [{ stored: 'pending', storeError: { code: 'archiveUnreachable' } }],
      outbox: { pending: 1, objects: 2, lastError: { code: 'archiveUnreachable' } },
    });
    expect(today.codes()).toEqual(['archiveUnreachable']);
    today.reading.dispose();

    await site.archive.up();
    const tomorrow = await openPage({ now: () => new Date(Date.now() + 86_400_000) });
    const state = await until(tomorrow.get, ({ runs }) => runs[0]?.stored === 'stored');
    expect(state.outbox.pending).toBe(0);
    expect(tomorrow.runs).toEqual([]);
    await expectAllStored(2);
  });

  it('survives a reload in mid-store: what was stored already is not there twice', async () => {
    const page = await judged();
    site.archive.fault = ({ before }) => {
      if (before === 0) return undefined;
      // The page goes away while the second request is under way, which the archive completes.
      page.reading.dispose();
      return { stored: true };
    };
    await page.reading.storeEvidence();
    expect(page.get().runs).toEqual([]);
    expect(await (await site.database).count('outbox')).toBe(1);

    site.archive.fault = undefined;
    const next = await openPage();
    const state = await until(next.get, ({ runs }) => runs[0]?.stored === 'stored');
    expect(state.refusals).toEqual([]);
    expect(await classes()).toEqual([SEG, SR]);
    await expectAllStored(2);
  });

  it('is sent from memory, and said to be, when the quota of the disk is reached', async () => {
    const page = await judged();
    const put = jest.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
      throw new DOMException('no room', 'QuotaExceededError');
    });
    try {
      await site.archive.down();
      await page.reading.storeEvidence();
      expect(page.get().runs[0].stored).toBe('pending');
      expect(page.get().outbox).toMatchObject({ pending: 1, objects: 2 });
      expect(page.codes()).toEqual(
        expect.arrayContaining(['workstationStorageFull', 'archiveUnreachable']),
      );
      await site.archive.up();
      await page.reading.retryOutbox();
    } finally {
      put.mockRestore();
    }
    expect(page.get()).toMatchObject({ runs: [{ stored: 'stored' }], outbox: { pending: 0 } });
    await expectAllStored(2);
  });

  it('is refused for good by 409, kept, and not sent again by itself', async () => {
    const page = await judged();
    site.archive.fault = ({ sopInstanceUID }) => ({
      status: 409,
      body: refusing(sopInstanceUID, 0xc000),
    });
    await page.reading.storeEvidence();
    expect(page.get()).toMatchObject({
      runs: [{ stored: 'failed' }],
      outbox: { pending: 1, objects: 2 },
    });
    expect(page.get().outbox.nextAttemptAt).toBeUndefined();
    expect(page.get().runs[0].storeError?.message).toContain('cannot understand the data set');
    site.archive.fault = undefined;
    await page.reading.retryOutbox();
    await expectAllStored(2);
  });

  it('is stored by 202 with warnings, and the warnings are shown', async () => {
    const page = await judged();
    site.archive.fault = ({ sopInstanceUID }) => ({
      stored: true,
      status: 202,
      body: warning(sopInstanceUID, 0xb007),
    });
    await page.reading.storeEvidence();
    expect(page.get()).toMatchObject({ runs: [{ stored: 'stored' }], outbox: { pending: 0 } });
    expect(page.codes()).toEqual(['archiveWarned']);
    expect(page.get().runs[0].storeWarnings).toEqual([
      'data set does not match its SOP Class (0xB007)',
      'data set does not match its SOP Class (0xB007)',
    ]);
    site.archive.fault = undefined;
    await expectAllStored(2);
  });

  it.each([
    ['202 without a body, and the archive shows it', { status: 202, stored: true }, 'stored'],
    ['204, and the archive shows it', { status: 204, stored: true }, 'stored'],
    [
      '200 with text, and the archive shows it',
      { status: 200, body: 'OK', stored: true },
      'stored',
    ],
    ['202 without a body, and it is not there', { status: 202 }, 'pending'],
    ['200 with an answer about nothing', { status: 200, body: {} }, 'pending'],
    ['500', { status: 500, body: 'java.lang.NullPointerException' }, 'pending'],
    ['a connection that breaks after it was stored', { stored: true }, 'pending'],
  ])('takes %s for what it is', async (_name, fault, expected) => {
    const page = await judged();
    site.archive.fault = () => fault;
    await page.reading.storeEvidence();
    expect(page.get().runs[0].stored).toBe(expected);
    site.archive.fault = undefined;
    await page.reading.retryOutbox();
    expect(page.get()).toMatchObject({ runs: [{ stored: 'stored' }], outbox: { pending: 0 } });
    await expectAllStored(2);
  });

  it('waits for a new token when the old one expires in mid-store, and then sends the rest', async () => {
    const page = await judged();
    site.archive.fault = ({ before, authorization }) =>
      authorization === 'Bearer first' && before > 0 ? { status: 401 } : undefined;
    await page.reading.storeEvidence();
    expect(page.get()).toMatchObject({
      runs: [{ stored: 'pending', storeError: { code: 'archiveUnauthorized' } }],
      outbox: { pending: 1, objects: 1 },
    });
    expect(page.codes()).toEqual(['archiveUnauthorized']);
    site.token = 'second';
    await until(page.get, ({ runs }) => runs[0].stored === 'stored');
    expect(page.codes()).toEqual([]);
    expect(new Set(site.archive.sent).size).toBe(2);
    await expectAllStored(2);
  });
});

describe('the kind of segmentation', () => {
  const auto = { segmentationType: 'auto' as const };

  it('is the label map where the archive takes it', async () => {
    const page = await judged(auto);
    await page.reading.storeEvidence();
    expect(await classes()).toEqual([LABELMAP, SR]);
    expect(site.traits.segmentationType(site.archive.root)).toBe('labelmap');
    await expectAllStored(2, auto);
  });

  it('is the binary one where it does not, from then on at once', async () => {
    const page = await judged(auto);
    site.archive.fault = ({ sopClassUID, sopInstanceUID }) =>
      sopClassUID === LABELMAP
        ? { status: 409, body: refusing(sopInstanceUID, 0x0122) }
        : undefined;
    await page.reading.storeEvidence();
    expect(page.get()).toMatchObject({ runs: [{ stored: 'stored' }], outbox: { pending: 0 } });
    expect(page.codes()).toEqual([]);
    expect(await classes()).toEqual([SEG, SR]);
    expect(site.archive.sent).toHaveLength(3);
    expect(site.traits.segmentationType(site.archive.root)).toBe('binary');
    await expectAllStored(2, auto);
  });

  it('is found out after a reload, too', async () => {
    const page = await judged(auto);
    await site.archive.down();
    await page.reading.storeEvidence();
    page.reading.dispose();
    await site.archive.up();
    site.archive.fault = ({ sopClassUID }) =>
      sopClassUID === LABELMAP ? { status: 415 } : undefined;
    const next = await openPage(auto);
    await until(next.get, ({ runs }) => runs[0]?.stored === 'stored');
    expect(await classes()).toEqual([SEG, SR]);
    await expectAllStored(2, auto);
  });
});

describe('maturity', () => {
  it.each([
    ['of the site', { maturity: 'research' as const }, 'researchStoresNothing'],
    [
      'of the model',
      { maturity: 'feedback' as const, maturityOf: { 'two-lungs': 'research' as const } },
      'modelsStoreNothing',
    ],
  ])('research %s stores nothing, keeps nothing, and says so', async (_name, level, code) => {
    const page = await judged(level);
    await page.reading.storeEvidence();
    expect(site.archive.sent).toEqual([]);
    expect(page.codes()).toEqual([code]);
    expect(page.get().runs[0].stored).toBe('no');
    const opened = await site.database;
    for (const store of ['runs', 'reviews', 'outbox'] as const) {
      expect(await opened.count(store)).toBe(0);
    }
  });

  it('production of a model stores its evidence without the reviews', async () => {
    const level = {
      maturity: 'research' as const,
      maturityOf: { 'two-lungs': 'production' as const },
    };
    const page = await judged(level);
    await page.reading.storeEvidence();
    expect(page.get().runs[0]).toMatchObject({ stored: 'stored', maturity: 'production' });
    expect(await classes()).toEqual([SEG, SR]);
    site.anotherWorkstation();
    const other = await openPage(level);
    const { findings } = await other.findings();
    expect(findings.map(({ verdict }) => verdict)).toEqual(['notReviewed', 'notReviewed']);
  });
});
