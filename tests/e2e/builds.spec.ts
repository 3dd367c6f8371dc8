import { expect, test } from '@playwright/test';
import { conceptOf } from '@second-reader/core/findings/types';
import { OHIF_BUILDS } from './support/paths';
import { ReadingPage, sampleStudy } from './support/reading';
import { startViewer, type Viewer } from './support/server';

/**
 * What a radiologist does with a study, on every OHIF build that the plugin is for: open, read what
 * AI found, toggle it, judge it, store it, and find it again.
 */
for (const build of OHIF_BUILDS) {
  test.describe(`stock OHIF ${build}`, () => {
    let viewer: Viewer;
    test.beforeAll(async () => {
      viewer = await startViewer({ ohif: build });
    });
    test.afterAll(() => viewer.stop());

    test('reads, judges, stores and finds again', async ({ page }) => {
      const reading = new ReadingPage(page);
      await reading.withProbe();
      const { studyInstanceUID, leftLung, rightLung } = sampleStudy(viewer.data, 'current');

      await test.step('opens in the mode, runs by itself and lists findings', async () => {
        await reading.open(viewer.url, studyInstanceUID);
        await reading.findingsShown(2);
        await expect(reading.cy('ai-notice')).toBeVisible();
        await expect(reading.cy('ai-engine').first()).toContainText(/WASM|WebGPU/);
        expect(await reading.verdicts()).toEqual(['notReviewed', 'notReviewed']);
        await expect(reading.findings.first()).toContainText(/mL/);
      });

      await test.step('measures each lung within 2 % of the truth', async () => {
        const { findings } = await reading.state();
        const volumeOf = (key: string) =>
          findings
            .find(finding => conceptOf(finding).key === key)!
            .measurements.find(({ name }) => name === 'volume')!.value;
        const error = (measured: number, truth: number) => Math.abs(measured / truth - 1);
        expect(error(volumeOf('left-lung'), leftLung.volumeMl)).toBeLessThan(0.02);
        expect(error(volumeOf('right-lung'), rightLung.volumeMl)).toBeLessThan(0.02);
      });

      await test.step('draws an overlay that one key hides and shows', async () => {
        await reading.findings.first().click();
        await expect.poll(() => reading.colouredPixels()).toBeGreaterThan(2000);
        await page.keyboard.press('t');
        await expect(reading.cy('ai-toggle')).toHaveAttribute('aria-pressed', 'false');
        await expect.poll(() => reading.colouredPixels()).toBeLessThan(500);
        await page.keyboard.press('t');
        await expect.poll(() => reading.colouredPixels()).toBeGreaterThan(2000);
      });

      await test.step('takes a verdict of each finding', async () => {
        await page.keyboard.press('y');
        await expect(reading.findings.first()).toHaveAttribute('data-verdict', 'accepted');
        await reading.cy('ai-next').click();
        await expect(reading.findings.nth(1)).toHaveAttribute('aria-selected', 'true');
        await reading.cy('ai-reject').click();
        await reading.cy('ai-reject-wrongExtent').click();
        await expect(reading.findings.nth(1)).toHaveAttribute('data-verdict', 'rejected');
        await reading.cy('ai-reopen').click();
        await expect(reading.findings.nth(1)).toHaveAttribute('data-verdict', 'notReviewed');
        await reading.cy('ai-reject').click();
        await reading.cy('ai-reject-artefact').click();
      });

      await test.step('stores the verdicts and the segmentation', async () => {
        await reading.cy('ai-store').click();
        await expect(reading.cy('ai-stored')).toHaveAttribute('data-state', 'stored');
      });

      await test.step('shows what was stored without running the model again', async () => {
        await page.reload();
        await reading.findingsShown(2);
        expect(await reading.verdicts()).toEqual(['accepted', 'rejected']);
        await expect(reading.cy('ai-origin').first()).toHaveAttribute('data-origin', 'archive');
        await expect(reading.cy('ai-stored')).toHaveAttribute('data-state', 'stored');
        await reading.findings.first().click();
        await expect.poll(() => reading.colouredPixels()).toBeGreaterThan(1000);
      });

      expect(reading.errors).toEqual([]);
    });
  });
}
