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

test('a stored result is withdrawn, by the keyboard alone, and stays so', async ({ page }) => {
  const viewer = await startViewer({ maturity: 'feedback' });
  try {
    const root = `${viewer.url}/dicom-web`;
    const { studyInstanceUID } = sampleStudy(viewer.data, 'current');
    const count = async (modality: string) =>
      (await instancesOf(root, studyInstanceUID, modality)).length;
    const reading = new ReadingPage(page);
    await reading.open(viewer.url, studyInstanceUID);
    await reading.findingsShown(2);
    await expect(reading.cy('ai-set-menu')).toHaveCount(0);
    await reading.cy('ai-store').click();
    await expect(reading.cy('ai-stored').first()).toHaveAttribute('data-state', 'stored');

    await test.step('after a question that says what that means', async () => {
      await reading.cy('ai-set-menu').focus();
      await page.keyboard.press('Enter');
      await expect(reading.cy('ai-withdraw')).toBeFocused();
      await page.keyboard.press('Enter');
      const dialog = reading.cy('ai-withdraw-dialog');
      await expect(dialog).toContainText('Lungs on CT');
      await expect(dialog).toContainText('2 objects in the archive');
      await expect(dialog).toContainText('not deleted');
      await expect(reading.cy('ai-withdraw-quality')).toBeFocused();
      // A key of the host's: here it chooses the reason, and no tool.
      await page.keyboard.press('Space');
      await page.keyboard.press('ArrowDown');
      await expect(reading.cy('ai-withdraw-patientSafety')).toBeChecked();
      await page.keyboard.press('Escape');
      await expect(dialog).toHaveCount(0);
      await expect(reading.cy('ai-set-menu')).toBeFocused();
      expect(await count('KO')).toBe(0);
    });

    await test.step('the archive has the note, and the result is gone', async () => {
      await page.keyboard.press('Enter');
      await page.keyboard.press('Enter');
      await page.keyboard.press('Space');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Tab');
      await expect(reading.cy('ai-withdraw-confirm')).toBeFocused();
      await page.keyboard.press('Enter');
      await expect(reading.findings).toHaveCount(0);
      await expect(reading.cy('ai-withdrawn')).toContainText('Lungs on CT');
      await expect(reading.cy('ai-withdrawn')).toHaveAttribute('data-reason', 'quality');
      expect(await count('KO')).toBe(1);
      expect([await count('SEG'), await count('SR')]).toEqual([1, 1]);
    });

    await test.step('after a reload too, and the model does not start by itself', async () => {
      await page.reload();
      await expect(reading.cy('ai-withdrawn')).toHaveAttribute('data-reason', 'quality');
      await expect(reading.cy('ai-run-ct-lungs')).toBeVisible();
      await expect(reading.cy('ai-progress')).toHaveCount(0);
      await expect(reading.findings).toHaveCount(0);
    });

    await test.step('run again, it is a result of its own, and is stored beside the first', async () => {
      await reading.cy('ai-run-ct-lungs').click();
      await reading.findingsShown(2);
      await reading.cy('ai-store').click();
      await expect(reading.cy('ai-stored').first()).toHaveAttribute('data-state', 'stored');
      expect([await count('SEG'), await count('SR'), await count('KO')]).toEqual([2, 2, 1]);
      await page.reload();
      await reading.findingsShown(2);
      await expect(reading.cy('ai-origin')).toHaveAttribute('data-origin', 'archive');
      await expect(reading.cy('ai-withdrawn')).toHaveCount(1);
    });
  } finally {
    await viewer.stop();
  }
});
