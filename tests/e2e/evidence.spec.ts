import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from '@playwright/test';
import type { EvidenceObject } from '@second-reader/core/reading/ports';
import { SOP_CLASS } from '@second-reader/dicom/common/dictionary';
import { partOf } from '../../extension/src/adapters/dicomweb/multipart';
import { filesBelow, stow } from './support/dicom';
import { allEvidence, archivedSeries } from './support/evidence';
import { orthancIsInstalled, startOrthanc, type Orthanc } from './support/orthanc';
import { SAMPLE_DATA } from './support/paths';
import { ReadingPage, sampleStudy } from './support/reading';
import { startViewer, type Viewer } from './support/server';

/** Names of the kinds as the table of `npm test` has them. */
const KINDS = {
  'SEG BINARY': SOP_CLASS.segmentation,
  'SEG LABELMAP': SOP_CLASS.labelMapSegmentation,
  SR: SOP_CLASS.comprehensive3DSR,
  GSPS: SOP_CLASS.grayscaleSoftcopyPresentationState,
  SC: SOP_CLASS.multiFrameTrueColorSecondaryCapture,
  PM: SOP_CLASS.parametricMap,
  KOS: SOP_CLASS.keyObjectSelection,
} as const;

/** Behind the File Meta Information: an archive may write that anew, the data set it may not. */
const dataSetOf = (file: Buffer): Buffer => {
  const groupLength = file.readUInt32LE(140);
  return file.subarray(144 + groupLength);
};

/** The instance in the transfer syntax that it was stored in, by WADO-RS. */
const asStored = async (root: string, object: EvidenceObject): Promise<Buffer> => {
  const { studyInstanceUID, seriesInstanceUID, sopInstanceUID } = object;
  const response = await fetch(
    `${root}/studies/${studyInstanceUID}/series/${seriesInstanceUID}/instances/${sopInstanceUID}`,
    { headers: { Accept: 'multipart/related; type="application/dicom"; transfer-syntax=*' } },
  );
  const body = await partOf(await response.blob(), response.headers.get('content-type') ?? '');
  if (!body) throw new Error(`${response.status}: no part`);
  return Buffer.from(body);
};

test.describe('every kind of evidence in a real Orthanc and in OHIF’s own viewer mode', () => {
  test.skip(!orthancIsInstalled(), 'skipped: apt-get install orthanc orthanc-dicomweb');

  let orthanc: Orthanc;
  let viewer: Viewer;
  let objects: EvidenceObject[];
  let study: string;
  const of = (kind: keyof typeof KINDS) =>
    objects.filter(({ sopClassUID }) => sopClassUID === KINDS[kind]);

  test.beforeAll(async () => {
    study = sampleStudy(SAMPLE_DATA, 'current').studyInstanceUID;
    orthanc = await startOrthanc();
    const files = filesBelow(path.join(SAMPLE_DATA, 'instances', study));
    for (let at = 0; at < files.length; at += 40) {
      const batch = files.slice(at, at + 40).map(file => fs.readFileSync(file));
      expect((await stow(orthanc.url, batch)).status).toBe(200);
    }
    objects = allEvidence(await archivedSeries(orthanc.url, study));
    viewer = await startViewer({ dicomweb: orthanc.url });
  });
  test.afterAll(async () => {
    await viewer?.stop();
    await orthanc?.stop();
  });

  for (const kind of Object.keys(KINDS) as Array<keyof typeof KINDS>) {
    test(`${kind}: Orthanc stores it and returns it as it was`, async () => {
      expect(of(kind).length).toBeGreaterThan(0);
      for (const object of of(kind)) {
        const sent = Buffer.from(object.part10);
        expect((await stow(orthanc.url, [sent])).status).toBe(200);
        const returned = await asStored(orthanc.url, object);
        expect(dataSetOf(returned).equals(dataSetOf(sent))).toBe(true);
      }
    });
  }

  for (const kind of ['SEG BINARY', 'SEG LABELMAP'] as const) {
    test(`${kind}: OHIF’s own viewer mode draws it`, async ({ page }) => {
      const [object] = of(kind);
      expect((await stow(orthanc.url, [Buffer.from(object.part10)])).status).toBe(200);
      const { seriesInstanceUID: images } = sampleStudy(SAMPLE_DATA, 'current');
      const series = [images, object.seriesInstanceUID].join(',');
      const reading = new ReadingPage(page);
      await page.goto(
        `${viewer.url}/viewer?StudyInstanceUIDs=${study}&SeriesInstanceUIDs=${series}`,
      );
      const thumbnail = page.locator('[data-cy="study-browser-thumbnail-no-image"]', {
        hasText: 'SEG',
      });
      await thumbnail.dblclick({ timeout: 60_000 });
      // The host puts a viewport of its own in the place of the one that is looked at.
      const coloured = () => reading.colouredPixels().catch(() => 0);
      await expect.poll(coloured, { timeout: 90_000 }).toBeGreaterThan(1000);
    });
  }

  /** The reports in the order of the runs that they are of. */
  const REPORTS = ['segments', 'segments of a LABELMAP', 'detections', 'a classification'] as const;
  const openReport = async (reading: ReadingPage, name: (typeof REPORTS)[number]) => {
    const { page } = reading;
    const object = of('SR')[REPORTS.indexOf(name)];
    expect((await stow(orthanc.url, [Buffer.from(object.part10)])).status).toBe(200);
    const { seriesInstanceUID: images } = sampleStudy(SAMPLE_DATA, 'current');
    const series = [images, object.seriesInstanceUID].join(',');
    await page.goto(`${viewer.url}/viewer?StudyInstanceUIDs=${study}&SeriesInstanceUIDs=${series}`);
    const thumbnail = page.locator('[data-cy="study-browser-thumbnail-no-image"]', {
      hasText: 'SR',
    });
    await thumbnail.dblclick({ timeout: 60_000 });
  };
  const noComplaint = async (reading: ReadingPage) => {
    // The host's own handler of an image that it no longer waits for is none.
    const errors = reading.errors.filter(error => !error.includes('IMAGE_LOAD_ERROR'));
    expect(errors).toEqual([]);
    await expect(reading.page.locator('[data-sonner-toast][data-type="error"]')).toHaveCount(0);
  };
  const outlines = (reading: ReadingPage) => reading.page.locator('.svg-layer polyline');

  for (const name of REPORTS.slice(0, 2)) {
    test(`SR: OHIF’s own viewer mode draws ${name} with what was measured`, async ({ page }) => {
      const reading = new ReadingPage(page);
      await openReport(reading, name);
      await expect(outlines(reading)).toHaveCount(2, { timeout: 90_000 });
      const words = page.locator('.svg-layer text');
      await expect(words.filter({ hasText: 'Volume: 2345.68 mL' })).toHaveCount(1);
      await expect(words.filter({ hasText: 'Volume: 2346.68 mL' })).toHaveCount(1);
      await noComplaint(reading);
    });
  }

  for (const plugin of [true, false]) {
    const without = plugin ? '' : ', without the plugin too';
    test(`SR: OHIF’s own viewer mode draws detections where they are${without}`, async ({
      page,
    }) => {
      const reading = new ReadingPage(page);
      if (!plugin) await reading.withoutPlugin();
      await openReport(reading, 'detections');
      await expect(outlines(reading)).toHaveCount(2, { timeout: 90_000 });
      await expect(page.locator('.svg-layer text').first()).toContainText('Certainty of Finding');
      // The first is in the middle of the images, which are in the middle of the viewport.
      const canvas = (await page.locator('.cornerstone-canvas').boundingBox())!;
      const boxes = await Promise.all(
        (await outlines(reading).all()).map(async each => (await each.boundingBox())!),
      );
      const middle = ({ x, y, width, height }: (typeof boxes)[number]) =>
        [x + width / 2, y + height / 2] as const;
      const from = (index: number) =>
        middle(boxes[index]).map((value, axis) => value - middle(canvas)[axis]);
      const first = [0, 1].find(index => from(index).every(value => Math.abs(value) < 4));
      expect(first).toBeDefined();
      // The other is 40 columns to the right of it and 30 rows up.
      const [right, down] = from(1 - first!);
      expect(right).toBeGreaterThan(40);
      expect(right / -down).toBeCloseTo(40 / 30, 1);
      await noComplaint(reading);
    });
  }

  test('SR: OHIF’s own viewer mode opens a classification, which has no place', async ({
    page,
  }) => {
    const reading = new ReadingPage(page);
    await reading.withProbe();
    await openReport(reading, 'a classification');
    const opened = () => reading.reportsOpened().catch(() => []);
    await expect.poll(opened, { timeout: 90_000 }).toEqual([{ measurements: 1, drawn: 0 }]);
    await noComplaint(reading);
  });
});
