import fs from 'node:fs';
import path from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import { filesBelow, instancesOf, stow } from './support/dicom';
import { startOrthanc, orthancIsInstalled } from './support/orthanc';
import { ROOT, SAMPLE_DATA, SCRATCH } from './support/paths';
import { ReadingPage, sampleStudy } from './support/reading';
import { startViewer } from './support/server';

/** Whatever goes wrong ends in a message that a person can act on, and loses nothing. */

const scratch = (name: string): string => {
  const folder = path.join(SCRATCH, name);
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  return folder;
};

/** Files of the current study, in slice order. */
const currentSlices = (): string[] => {
  const { seriesInstanceUID } = sampleStudy(SAMPLE_DATA, 'current');
  return filesBelow(path.join(SAMPLE_DATA, 'instances')).filter(file =>
    fs.readFileSync(file).subarray(0, 4096).includes(seriesInstanceUID),
  );
};

test('a tampered model is not run, and both hashes are named', async ({ page }) => {
  const models = scratch('tampered');
  const folder = path.join(models, 'ct-lungs');
  fs.cpSync(path.join(ROOT, 'models/ct-lungs'), folder, { recursive: true });
  const file = path.join(folder, 'ct-lungs.onnx');
  const bytes = fs.readFileSync(file);
  bytes[bytes.length >> 1] ^= 1;
  fs.writeFileSync(file, bytes);
  const viewer = await startViewer({ models });
  try {
    const reading = new ReadingPage(page);
    await reading.open(viewer.url, sampleStudy(viewer.data, 'current').studyInstanceUID);
    await expect(reading.cy('ai-refusal').first()).toBeVisible({ timeout: 120_000 });
    await expect(reading.cy('ai-panel')).toContainText(/SHA-256/);
    await expect(reading.findings).toHaveCount(0);
  } finally {
    await viewer.stop();
  }
});

test('a truncated upload is refused with its reason; the others of the same store are kept', async () => {
  const viewer = await startViewer();
  try {
    const root = `${viewer.url}/dicom-web`;
    const [whole] = currentSlices().map(file => fs.readFileSync(file));
    const half = whole.subarray(0, whole.length >> 1);
    const answer = await stow(root, [whole, half]);
    expect(answer.status).toBe(202);
    const alone = await stow(root, [half]);
    expect(alone.status).toBe(409);
    expect(alone.text).toContain('cut short');
  } finally {
    await viewer.stop();
  }
});

test('a volume with a missing slice is refused, and the gap is named', async ({ page }) => {
  const folder = scratch('missing-slice');
  currentSlices()
    .map(file => ({ file, instance: fs.readFileSync(file) }))
    .forEach(({ instance }, index) => {
      fs.writeFileSync(path.join(folder, `${index}.dcm`), instance);
    });
  // Any slice but the first and the last: files are in the order of their UIDs, not of slices.
  const data = scratch('missing-slice-data');
  const removed = sliceInTheMiddle(folder);
  fs.rmSync(removed);
  const viewer = await startViewer({ data, dicom: [folder], arguments: ['--no-sample'] });
  try {
    const reading = new ReadingPage(page);
    const { studyInstanceUID } = sampleStudy(SAMPLE_DATA, 'current');
    await reading.open(viewer.url, studyInstanceUID);
    await expect(reading.cy('ai-refusal').first()).toBeVisible({ timeout: 120_000 });
    await expect(reading.cy('ai-refusal').first()).toContainText(/missing/i);
    await expect(reading.cy('ai-refusal').first()).toContainText(/4/);
  } finally {
    await viewer.stop();
  }
});

/** The file whose InstanceNumber (0020,0013) is in the middle of the series. */
function sliceInTheMiddle(folder: string): string {
  const numbered = filesBelow(folder).map(file => {
    const bytes = fs.readFileSync(file);
    const at = bytes.indexOf(Buffer.from([0x20, 0x00, 0x13, 0x00, 0x49, 0x53]));
    const length = bytes.readUInt16LE(at + 6);
    return { file, number: Number(bytes.toString('latin1', at + 8, at + 8 + length)) };
  });
  return numbered.sort((a, b) => a.number - b.number)[numbered.length >> 1].file;
}

test('an archive that stops in mid-store loses nothing: it is stored when it is back', async ({
  page,
}) => {
  test.skip(!orthancIsInstalled(), 'skipped: apt-get install orthanc orthanc-dicomweb');
  const orthanc = await startOrthanc();
  const files = filesBelow(path.join(SAMPLE_DATA, 'instances'));
  for (let at = 0; at < files.length; at += 40) {
    await stow(
      orthanc.url,
      files.slice(at, at + 40).map(file => fs.readFileSync(file)),
    );
  }
  const viewer = await startViewer({ dicomweb: orthanc.url, maturity: 'feedback' });
  try {
    const reading = new ReadingPage(page);
    const { studyInstanceUID } = sampleStudy(SAMPLE_DATA, 'current');
    await reading.open(viewer.url, studyInstanceUID);
    await reading.findingsShown(2);
    await reading.findings.first().click();
    await page.keyboard.press('y');
    // Dies when the request has begun and before it is answered.
    await page.route('**/dicom-web/studies/*', async route => {
      if (route.request().method() !== 'POST') return route.continue();
      await orthanc.stop('SIGKILL');
      await route.continue();
    });
    await reading.cy('ai-store').click();
    await expect(reading.cy('ai-stored')).toHaveAttribute('data-state', 'pending');
    await expect(reading.cy('ai-refusal').first()).toContainText(/archive/i);
    await page.unroute('**/dicom-web/studies/*');
    await page.close();

    await orthanc.restart();
    const later = new ReadingPage(await page.context().newPage());
    await later.open(viewer.url, studyInstanceUID);
    await later.findingsShown(2);
    await expect(later.cy('ai-stored')).toHaveAttribute('data-state', 'stored');
    expect(await later.verdicts()).toEqual(['accepted', 'notReviewed']);
    expect(await instancesOf(orthanc.url, studyInstanceUID, 'SEG')).toHaveLength(1);
    expect(await instancesOf(orthanc.url, studyInstanceUID, 'SR')).toHaveLength(1);
  } finally {
    await viewer.stop();
    await orthanc.stop('SIGKILL');
  }
});

test('a reload in mid-run says so, and the run is done again', async ({ page }) => {
  const viewer = await startViewer();
  try {
    const reading = new ReadingPage(page);
    const { studyInstanceUID } = sampleStudy(viewer.data, 'current');
    await reading.open(viewer.url, studyInstanceUID);
    // Under way: that it has begun was noted on the workstation.
    await expect(reading.cy('ai-progress')).toContainText(/[1-9]\d\s?%/, { timeout: 120_000 });
    await page.reload();
    await expect(reading.cy('ai-panel')).toContainText(/interrupted/i, { timeout: 120_000 });
    await reading.findingsShown(2);
  } finally {
    await viewer.stop();
  }
});

/** How many results this browser keeps on the workstation. */
const keptRuns = (page: Page): Promise<number> =>
  page.evaluate(
    () =>
      new Promise<number>((resolve, reject) => {
        const opening = indexedDB.open('second-reader');
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const count = opening.result.transaction('runs').objectStore('runs').count();
          count.onsuccess = () => {
            opening.result.close();
            resolve(count.result);
          };
        };
      }),
  );

test('verdicts that were not stored yet survive a reload', async ({ page }) => {
  const viewer = await startViewer();
  try {
    const reading = new ReadingPage(page);
    const { studyInstanceUID } = sampleStudy(viewer.data, 'current');
    await reading.open(viewer.url, studyInstanceUID);
    await reading.findingsShown(2);
    await reading.findings.first().click();
    await page.keyboard.press('y');
    await expect(reading.findings.first()).toHaveAttribute('data-verdict', 'accepted');
    // At once: the result itself may not be on the disk yet, its verdict must be.
    await page.reload();
    await reading.findingsShown(2);
    expect(await reading.verdicts()).toEqual(['accepted', 'notReviewed']);

    await expect.poll(() => keptRuns(page)).toBe(1);
    await page.reload();
    await reading.findingsShown(2);
    expect(await reading.verdicts()).toEqual(['accepted', 'notReviewed']);
    await expect(reading.cy('ai-origin').first()).toHaveAttribute('data-origin', 'draft');
  } finally {
    await viewer.stop();
  }
});
