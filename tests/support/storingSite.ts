import { createEvidenceArchive } from '../../extension/src/adapters/dicomweb/archive';
import { openDatabase, type Database } from '../../extension/src/adapters/storage/database';
import { createDraftStore } from '../../extension/src/adapters/storage/drafts';
import { createOutboxStore } from '../../extension/src/adapters/storage/outbox';
import { createArchiveTraits } from '../../extension/src/adapters/storage/traits';
import {
  memoryPorts,
  settings,
  slices,
  volume,
} from '../../extension/src/core/reading/memoryPorts.testing';
import { createReading } from '../../extension/src/core/reading/reading';
import { disposedAfterEach } from '../../extension/src/core/reading/readings.testing';
import { createEvidenceReader, createEvidenceWriter } from '../../extension/src/dicom/evidence';
import { MANUFACTURER } from '../../extension/src/version';
import { ctSlice } from '../../cli/src/testing/dicom';
import { startFaultyArchive, type FaultyArchive } from './faultyArchive';

export const STUDY = '1.2';
export type SettingChanges = Parameters<typeof settings>[0];

/** The one series of the study as files, as the memory ports' volume has it. */
const files = () =>
  slices().map(({ sopInstanceUID, instanceNumber, imagePositionPatient }) =>
    ctSlice({
      studyInstanceUID: STUDY,
      seriesInstanceUID: '1.2.1',
      sopInstanceUID,
      number: instanceNumber,
      size: 8,
      attributes: {
        ImagePositionPatient: imagePositionPatient!.map(String),
        ImageOrientationPatient: ['1', '0', '0', '0', '1', '0'],
        PixelSpacing: ['1', '1'],
      },
    }),
  );

/**
 * An archive with a study and a workstation that reads it, new for each test: the real writer,
 * reader, outbox and DICOMweb client. Only the host and the model are stand-ins.
 */
export const storingSite = () => {
  let databases = 0;
  let archive: FaultyArchive;
  const traitsKept = new Map<string, string>();
  const opened = disposedAfterEach();
  const site = {
    /** What the page sends as its authorization. */
    token: 'first',
    /** What outlives a page. */
    database: undefined as unknown as Promise<Database>,
    get archive(): FaultyArchive {
      return archive;
    },
    traits: createArchiveTraits(() => ({
      getItem: key => traitsKept.get(key) ?? null,
      setItem: (key, value) => void traitsKept.set(key, value),
    })),
    /** From here on pages are opened elsewhere, where nothing is kept. */
    anotherWorkstation(): void {
      site.database = openDatabase(`workstation-${databases++}`);
    },
    evidenceArchive: () =>
      createEvidenceArchive(
        () => ({
          qidoRoot: archive.root,
          wadoRoot: archive.root,
          stowRoot: archive.root,
          headers: () => ({ Authorization: `Bearer ${site.token}` }),
        }),
        MANUFACTURER,
      ),
    /** A page: what it holds in memory ends with it, the database does not. */
    async openPage(changes: SettingChanges = {}) {
      const { ports, runs } = memoryPorts({
        writer: createEvidenceWriter(),
        reader: createEvidenceReader(),
        archive: site.evidenceArchive(),
        outbox: createOutboxStore(site.database),
        traits: site.traits,
        drafts: createDraftStore(site.database),
      });
      const read = async () => ({ ok: true as const, value: volume() });
      const volumes = { ...ports.volumes, read };
      const reading = opened(createReading({ ...ports, volumes }, settings(changes)));
      reading.open(STUDY);
      await reading.refresh();
      return { reading, get: reading.state.get, runs };
    },
    /** What the archive has of the study besides its images. */
    async evidence() {
      const images = new Set(slices().map(({ sopInstanceUID }) => sopInstanceUID));
      const instances = await archive.instances(STUDY);
      return instances.filter(({ sopInstanceUID }) => !images.has(sopInstanceUID));
    },
  };
  beforeEach(async () => {
    archive = await startFaultyArchive();
    site.anotherWorkstation();
    site.token = 'first';
    traitsKept.clear();
    await archive.archive.store(files());
  });
  afterEach(() => archive.close());
  return site;
};
