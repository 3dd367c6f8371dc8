import fs from 'node:fs';
import path from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import type { Vec3 } from '@second-reader/core/geometry/types';
import { labToRgb } from '@second-reader/core/findings/labColour';
import type { EvidenceObject } from '@second-reader/core/reading/ports';
import { SOP_CLASS } from '@second-reader/dicom/common/dictionary';
import { partOf } from '../../extension/src/adapters/dicomweb/multipart';
import { filesBelow, stow } from './support/dicom';
import {
  allEvidence,
  archivedSeries,
  HEAT_SIGMA,
  heatCentre,
  planned,
  SEGMENT_COLOURS,
  type Archived,
} from './support/evidence';
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

/** Of the host's `window.cornerstoneTools`. */
interface HostTools {
  segmentation: {
    state: {
      getSegmentations(): Array<{
        segmentationId: string;
        segments: Record<number, { label: string }>;
      }>;
      getViewportIdsWithSegmentation(segmentationId: string): string[];
    };
    config: {
      color: {
        getSegmentIndexColor(
          viewport: string,
          segmentation: string,
          index: number,
        ): number[] | null;
      };
    };
  };
}

/** Of the host's `window.cornerstone`. */
interface HostCore {
  cache: {
    /** One that is being loaded is not there yet. */
    getVolumes(): Array<
      | {
          volumeId: string;
          loadStatus?: { loaded: boolean };
          voxelManager: { getAtIJK(i: number, j: number, k: number): number };
        }
      | undefined
    >;
  };
  getRenderingEngines(): Array<{ getViewports(): Array<{ element: HTMLDivElement }> }>;
  utilities: {
    jumpToSlice(element: HTMLDivElement, options: { imageIndex: number }): Promise<void>;
  };
}

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

/** What the host has made of segments 1 and 2: their labels and colours, RGB. */
const hostsSegments = (page: Page) =>
  page.evaluate(() => {
    const { segmentation } = (window as unknown as { cornerstoneTools: HostTools })
      .cornerstoneTools;
    // Beside what the host makes of the SEG lies what our own extension does.
    const shown = segmentation.state
      .getSegmentations()
      .find(({ segmentationId }) => !segmentationId.startsWith('second-reader:'));
    if (!shown) return [];
    const [viewportId] = segmentation.state.getViewportIdsWithSegmentation(shown.segmentationId);
    return [1, 2].map(number => ({
      label: shown.segments[number].label,
      colour: segmentation.config.color
        .getSegmentIndexColor(viewportId, shown.segmentationId, number)
        ?.slice(0, 3),
    }));
  });

/** Values that the host has of its Parametric Map at voxels; none before it is loaded. */
const hostsValues = (page: Page, voxels: Vec3[]) =>
  page.evaluate(asked => {
    const { cache } = (window as unknown as { cornerstone: HostCore }).cornerstone;
    const volume = cache.getVolumes().find(each => each?.volumeId.startsWith('pmap.'));
    if (!volume?.loadStatus?.loaded) return undefined;
    return asked.map(([i, j, k]) => volume.voxelManager.getAtIJK(i, j, k));
  }, voxels);

/** Shows slice k of a volume in the viewports that show one. */
const slice = (page: Page, k: number) =>
  page.evaluate(at => {
    const { getRenderingEngines, utilities } = (window as unknown as { cornerstone: HostCore })
      .cornerstone;
    for (const viewport of getRenderingEngines().flatMap(each => each.getViewports())) {
      void utilities.jumpToSlice(viewport.element, { imageIndex: at });
    }
  }, k);

test.describe('every kind of evidence in a real Orthanc and in OHIF’s own viewer mode', () => {
  test.skip(!orthancIsInstalled(), 'skipped: apt-get install orthanc orthanc-dicomweb');

  let orthanc: Orthanc;
  let viewer: Viewer;
  let archived: Archived;
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
    archived = await archivedSeries(orthanc.url, study);
    objects = allEvidence(archived);
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
      // Each in its own colour, and neither in the background's: the host counts items of the sequence.
      // Its conversion of CIELab is another than ours, so the nearest of them counts.
      const colours = [...SEGMENT_COLOURS.map(colour => labToRgb(colour)), [0, 0, 0]];
      await expect(async () => {
        const segments = await hostsSegments(page);
        expect(segments.map(({ label }) => label)).toEqual(['Lung 0', 'Lung 1']);
        const nearest = segments.map(({ colour }) => {
          const far = colours.map(each => Math.hypot(...each.map((x, at) => x - colour![at])));
          return far.indexOf(Math.min(...far));
        });
        expect(nearest).toEqual([0, 1]);
      }).toPass({ timeout: 30_000 });
    });
  }

  /** The reports in the order of the runs that they are of. */
  const REPORTS = ['segments', 'segments of a LABELMAP', 'detections'] as const;
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

  test('PM: OHIF’s own viewer mode opens it and lays its values over the images', async ({
    page,
  }) => {
    const [object] = of('PM');
    expect((await stow(orthanc.url, [Buffer.from(object.part10)])).status).toBe(200);
    const { seriesInstanceUID: images } = sampleStudy(SAMPLE_DATA, 'current');
    const series = [images, object.seriesInstanceUID].join(',');
    const reading = new ReadingPage(page);
    await page.goto(`${viewer.url}/viewer?StudyInstanceUIDs=${study}&SeriesInstanceUIDs=${series}`);
    const thumbnail = page.locator('[data-cy="study-browser-thumbnail-no-image"]', {
      hasText: 'PMAP',
    });
    await thumbnail.dblclick({ timeout: 60_000 });
    const { geometry } = planned(archived);
    const [i, j, k] = heatCentre(geometry);
    const away = Math.round(HEAT_SIGMA / geometry.spacing[0]);
    const values = () =>
      hostsValues(page, [
        [i, j, k],
        [i + away, j, k],
        [i, j + away, k],
        [i, j, k + 8],
        [0, 0, 0],
      ]);
    await expect.poll(async () => (await values())?.length, { timeout: 90_000 }).toBe(5);
    // The host shows a hundred times the value; a fall of one sigma leaves 0.607 of it.
    const fall = (steps: number, axis: number) =>
      100 * Math.exp(-((steps * geometry.spacing[axis]) ** 2) / (2 * HEAT_SIGMA ** 2));
    const meant = [100, fall(away, 0), fall(away, 1), fall(8, 2), 0];
    (await values())!.forEach((value, at) => expect(Math.abs(value - meant[at])).toBeLessThan(0.5));
    await slice(page, k);
    const coloured = () => reading.colouredPixels().catch(() => 0);
    await expect.poll(coloured, { timeout: 60_000 }).toBeGreaterThan(5000);
    await noComplaint(reading);
  });
});
