import { expect, test } from '@playwright/test';
import { instancesOf } from './support/dicom';
import { ReadingPage, sampleStudy } from './support/reading';
import { startViewer } from './support/server';

/**
 * Storing on the real page: its worker, its database, its quota. What an archive can answer is in
 * tests/integration/storing.test.ts.
 */

const STORE = '**/dicom-web/studies/*';

test('a reload in mid-store and a full disk lose nothing and double nothing', async ({ page }) => {
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
      expect(await stored()).toEqual({ segmentations: 1, reports: 1 });
    });

    await test.step('the browser may use no more disk', async () => {
      const devtools = await page.context().newCDPSession(page);
      const { origin } = new URL(viewer.url);
      await devtools.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1 });
      await reading.findings.nth(1).click();
      await page.keyboard.press('y');
      await reading.cy('ai-store').click();
      await expect(reading.cy('ai-panel')).toContainText(/disk space/i);
      await expect.poll(stored).toEqual({ segmentations: 1, reports: 2 });
      await expect(reading.cy('ai-stored').first()).toHaveAttribute('data-state', 'stored');
      await devtools.send('Storage.overrideQuotaForOrigin', { origin });
      await page.reload();
      await reading.findingsShown(2);
      expect(await reading.verdicts()).toEqual(['accepted', 'accepted']);
    });
  } finally {
    await viewer.stop();
  }
});
