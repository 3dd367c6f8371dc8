import { expect, test } from '@playwright/test';
import { instancesOf } from './support/dicom';
import { ReadingPage, sampleStudy } from './support/reading';
import { startViewer } from './support/server';

/**
 * Storing on the real page: its worker, its database. What an archive can answer, and a disk that is
 * full, are in tests/integration/storing.test.ts.
 */

const STORE = '**/dicom-web/studies/*';

test('a reload in mid-store loses nothing and doubles nothing', async ({ page }) => {
  const viewer = await startViewer({ maturity: 'feedback' });
  try {
    const root = `${viewer.url}/dicom-web`;
    const { studyInstanceUID } = sampleStudy(viewer.data, 'current');
    const stored = async () => ({
      segmentations: (await instancesOf(root, studyInstanceUID, 'SEG')).length,
      reports: (await instancesOf(root, studyInstanceUID, 'SR')).length,
    });
    const scripts: string[] = [];
    page.on('request', request => scripts.push(new URL(request.url()).pathname));
    const reading = new ReadingPage(page);
    await reading.open(viewer.url, studyInstanceUID);
    await reading.findingsShown(2);
    await reading.findings.first().click();
    await page.keyboard.press('y');

    await test.step('the page goes away between the first request and the second', async () => {
      let requests = 0;
      await page.route(STORE, async route => {
        if (route.request().method() === 'POST') requests += 1;
        // The second is never answered.
        if (requests < 2) await route.continue();
      });
      await reading.cy('ai-store').click();
      await expect.poll(() => requests).toBe(2);
      expect(await stored()).toEqual({ segmentations: 1, reports: 0 });
      await expect(reading.cy('ai-stored').first()).toHaveAttribute('data-state', 'pending');
      expect(scripts.some(each => each.endsWith('/evidence-worker.js'))).toBe(true);
      await page.reload();
      await page.unroute(STORE);
      await reading.findingsShown(2);
      await expect(reading.cy('ai-stored').first()).toHaveAttribute('data-state', 'stored');
      expect(await reading.verdicts()).toEqual(['accepted', 'notReviewed']);
      // The report, which was not stored yet, has them: the draft has them too.
      await expect(reading.findings.first().locator('[data-measurement="volume"]')).toBeVisible();
      await expect.poll(stored).toEqual({ segmentations: 1, reports: 1 });
    });
  } finally {
    await viewer.stop();
  }
});
