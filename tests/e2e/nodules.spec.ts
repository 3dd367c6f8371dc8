import { expect, test } from '@playwright/test';
import { OHIF_BUILDS } from './support/paths';
import { ReadingPage, sampleStudy } from './support/reading';
import { startViewer, type Viewer } from './support/server';

/**
 * A model that detects: its findings are marked over the pictures, whole volumes and reformatted ones
 * alike, judged one by one, stored as a report, and found again. On every OHIF build.
 */
for (const build of OHIF_BUILDS) {
  test.describe(`detections on stock OHIF ${build}`, () => {
    let viewer: Viewer;
    test.beforeAll(async () => {
      viewer = await startViewer({ ohif: build });
    });
    test.afterAll(() => viewer.stop());

    test('are marked, judged, stored and found again', async ({ page }) => {
      // Two models one after the other, on cores that also draw.
      test.setTimeout(480_000);
      const reading = new ReadingPage(page);
      await reading.withProbe();
      const { studyInstanceUID } = sampleStudy(viewer.data, 'current');
      const rows = page.locator('[data-cy="ai-finding"][data-kind="detection"]');
      const markers = reading.cy('ai-marker');

      await test.step('shows the card of the model before it is run', async () => {
        await reading.open(viewer.url, studyInstanceUID);
        await reading.findingsShown(2);
        await reading.cy('ai-model-card-ct-lung-nodules').click();
        const dialog = reading.cy('ai-card-dialog');
        await expect(dialog.locator('[data-fact="intendedUse"]')).toContainText(/research/i);
        await expect(dialog.locator('[data-fact="regulatoryStatus"]')).toContainText('None stated');
        await expect(reading.cy('ai-card-text').locator('h4').first()).toBeVisible();
        await page.keyboard.press('Escape');
        await expect(dialog).toHaveCount(0);
        await expect(reading.cy('ai-model-card-ct-lung-nodules')).toBeFocused();
      });

      await test.step('lists and marks what it finds', async () => {
        await reading.cy('ai-run-ct-lung-nodules').click();
        await expect(rows.first()).toBeVisible({ timeout: 180_000 });
        await expect(rows.first()).toContainText(/probability.*%.*mm/s);
        await rows.first().click();
        await expect(rows.first()).toHaveAttribute('aria-selected', 'true');
        const chosen = page.locator('[data-cy="ai-marker"][data-selected="true"]');
        await expect(chosen).toHaveCount(1);
        await expect(chosen).toContainText(/AI: .*%.*not reviewed/s);
      });

      await test.step('hides and shows the markers by the same key', async () => {
        await page.keyboard.press('t');
        await expect(markers).toHaveCount(0);
        await page.keyboard.press('t');
        await expect(markers).not.toHaveCount(0);
      });

      await test.step('marks it in all planes of a reformatted volume', async () => {
        await page.evaluate(() => {
          const { probe } = window as unknown as {
            probe: { commandsManager: { runCommand(name: string, options: object): void } };
          };
          probe.commandsManager.runCommand('toggleHangingProtocol', { protocolId: 'mpr' });
        });
        await expect(page.locator('.cornerstone-canvas')).toHaveCount(3, { timeout: 60_000 });
        await expect(async () => {
          await rows.first().click();
          const planes = page.locator('[data-cy="ai-marker"][data-selected="true"]');
          await expect(planes).toHaveCount(3, { timeout: 3000 });
        }).toPass({ timeout: 60_000 });
      });

      const id = (await rows.first().getAttribute('data-finding-id'))!;
      await test.step('takes a verdict, and marks no more what was rejected', async () => {
        const marked = page.locator(`[data-cy="ai-marker"][data-finding-id="${id}"]`);
        await page.keyboard.press('y');
        await expect(marked.first()).toHaveAttribute('data-verdict', 'accepted');
        await rows.first().locator('[data-cy="ai-finding-reject"]').click();
        await reading.cy('ai-finding-reject-notPresent').click();
        await expect(marked).toHaveCount(0);
        await expect(rows.first()).toHaveAttribute('data-verdict', 'rejected');
      });

      await test.step('stores the verdict, and shows it without running the model', async () => {
        const count = await rows.count();
        await reading.cy('ai-store').click();
        await expect(reading.cy('ai-stored')).toHaveAttribute('data-state', 'stored');
        await page.reload();
        await expect(rows).toHaveCount(count, { timeout: 60_000 });
        const row = page.locator(`[data-cy="ai-finding"][data-finding-id="${id}"]`);
        await expect(row).toHaveAttribute('data-verdict', 'rejected');
        const origins = await reading
          .cy('ai-origin')
          .evaluateAll(all => all.map(each => each.getAttribute('data-origin')));
        expect(origins).toEqual(['archive', 'archive']);
      });

      expect(reading.errors).toEqual([]);
    });
  });
}
