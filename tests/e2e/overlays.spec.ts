import { expect, test } from '@playwright/test';
import { storeMapAndKeyImages } from './support/anotherMaker';
import { OHIF_BUILDS } from './support/paths';
import { ReadingPage, sampleStudy } from './support/reading';
import { startViewer, type Viewer } from './support/server';

/** What another program stored besides segments and places, drawn over the images on every build. */
for (const build of OHIF_BUILDS) {
  test.describe(`stock OHIF ${build}`, () => {
    let viewer: Viewer;
    test.beforeAll(async () => {
      viewer = await startViewer({ ohif: build });
      await storeMapAndKeyImages(viewer);
    });
    test.afterAll(() => viewer.stop());

    test('lays a heat map over the images and goes to key images', async ({ page }) => {
      const reading = new ReadingPage(page);
      await reading.withoutAutoRun();
      const { studyInstanceUID } = sampleStudy(viewer.data, 'current');
      const ofKind = (kind: string) => page.locator(`[data-cy="ai-finding"][data-kind="${kind}"]`);

      await reading.open(viewer.url, studyInstanceUID);
      await expect(ofKind('map')).toHaveCount(1, { timeout: 90_000 });
      await expect(ofKind('keyImage')).toHaveCount(1);

      await test.step('the map is in colour, with its legend, and put out of sight', async () => {
        await expect(reading.cy('ai-map-legend')).toBeVisible();
        await ofKind('map').click();
        await expect.poll(() => reading.colouredPixels()).toBeGreaterThan(5000);
        const eye = reading
          .cy('ai-result-set')
          .filter({ has: ofKind('map') })
          .locator('[data-cy="ai-set-toggle"]');
        await eye.click();
        await expect.poll(() => reading.colouredPixels()).toBeLessThan(500);
        await eye.click();
        await expect.poll(() => reading.colouredPixels()).toBeGreaterThan(5000);
      });

      await test.step('a key image is brought to the reader', async () => {
        await page.locator('.cornerstone-canvas').hover();
        await page.mouse.wheel(0, 1000);
        await expect(page.getByText('(80/160)')).toHaveCount(0);
        await ofKind('keyImage').click();
        await expect(page.getByText('(80/160)')).toBeVisible();
      });

      expect(reading.errors).toEqual([]);
    });
  });
}
