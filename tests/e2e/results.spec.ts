import { expect, test } from '@playwright/test';
import { conceptOf } from '@second-reader/core/findings/types';
import { ANOTHER_MAKER, storeOfAnotherMaker } from './support/anotherMaker';
import { ReadingPage, sampleStudy } from './support/reading';
import { startViewer, type Viewer } from './support/server';

/** Results that another program has stored, in the panel with ours: shown, judged and compared. */
test.describe("others' results", () => {
  let viewer: Viewer;
  test.beforeAll(async () => {
    viewer = await startViewer();
    await storeOfAnotherMaker(viewer);
  });
  test.afterAll(() => viewer.stop());

  test('are shown with ours, drawn, judged, stored, found again and compared', async ({ page }) => {
    // Many steps on one page: a machine that is busy with other things needs its time.
    test.slow();
    const reading = new ReadingPage(page);
    await reading.withProbe();
    const truth = sampleStudy(viewer.data, 'current');
    const set = (title: string) =>
      reading.cy('ai-result-set').filter({ has: page.getByText(title, { exact: false }) });
    const theirs = () => page.locator('[data-cy="ai-result-set"][data-foreign]');
    const lungs = () => set('LungLines');
    const row = (title: string, name: string) =>
      set(title).locator('[data-cy="ai-finding"]').filter({ hasText: name });
    const eye = (title: string) => set(title).locator('[data-cy="ai-set-toggle"]');
    const ours = 'Lungs on CT';

    await test.step('say whose they are, with the values that their objects hold', async () => {
      await reading.open(viewer.url, truth.studyInstanceUID);
      await reading.findingsShown(4 + truth.nodules.length);
      await expect(theirs()).toHaveCount(2);
      await expect(lungs()).toContainText('Another program, automatic');
      await expect(lungs()).toContainText(ANOTHER_MAKER);
      await expect(lungs()).not.toContainText(/WASM|WebGPU/);
      const { runs, findings } = await reading.state();
      const lung = runs.find(({ modelName }) => modelName.en === 'LungLines')!;
      const volumes = findings
        .filter(({ runId }) => runId === lung.runId)
        .map(finding => [
          conceptOf(finding).label.en,
          finding.measurements.find(({ name }) => name === 'volume')?.value,
        ]);
      expect(volumes).toEqual([
        ['Left lung', expect.closeTo(truth.leftLung.volumeMl, 3)],
        ['Right lung', expect.closeTo(truth.rightLung.volumeMl, 3)],
      ]);
    });

    await test.step('are drawn, and put out of sight one by one', async () => {
      await eye(ours).click();
      await row('LungLines', 'Left lung').click();
      await expect.poll(() => reading.colouredPixels()).toBeGreaterThan(2000);
      await eye('LungLines').click();
      await eye('NoduleFinder').click();
      await expect.poll(() => reading.colouredPixels()).toBeLessThan(500);
      await eye('NoduleFinder').click();
      await row('NoduleFinder', 'Nodule 2').click();
      const marker = page.locator('[data-cy="ai-marker"][data-selected="true"]');
      await expect(marker).toContainText('Nodule 2');
      await expect(marker).toContainText('Another program');
      await expect(marker).not.toContainText('AI:');
      for (const title of [ours, 'LungLines']) await eye(title).click();
    });

    await test.step('are judged with the same controls', async () => {
      await row('LungLines', 'Left lung').locator('[data-cy="ai-finding-accept"]').click();
      await row('NoduleFinder', 'Nodule 1').locator('[data-cy="ai-finding-reject"]').click();
      await reading.cy('ai-finding-reject-artefact').click();
      await expect(row('LungLines', 'Left lung')).toHaveAttribute('data-verdict', 'accepted');
      await reading.cy('ai-store').click();
      await expect(reading.cy('ai-stored')).toHaveAttribute('data-state', 'stored');
    });

    await test.step('come back with their verdicts, from the archive', async () => {
      await page.reload();
      await reading.findingsShown(4 + truth.nodules.length);
      await expect(theirs()).toHaveCount(2);
      await expect(row('LungLines', 'Left lung')).toHaveAttribute('data-verdict', 'accepted');
      await expect(row('NoduleFinder', 'Nodule 1')).toHaveAttribute('data-verdict', 'rejected');
      await expect(reading.cy('ai-stored')).toHaveAttribute('data-state', 'stored');
    });

    await test.step('are compared with ours, finding by finding', async () => {
      await set(ours).locator('[data-cy="ai-compare"]').click();
      await reading.cy('ai-compare-with').filter({ hasText: 'LungLines' }).click();
      await expect(reading.cy('ai-comparison')).toHaveAttribute('data-status', 'done');
      const pairs = reading.cy('ai-compare-pair');
      await expect(pairs).toHaveCount(2);
      for (const dice of await pairs.evaluateAll(rows => rows.map(row => row.dataset.dice))) {
        expect(Number(dice)).toBeGreaterThan(0.95);
        expect(Number(dice)).toBeLessThan(1);
      }
      await pairs.filter({ hasText: 'Right lung' }).getByRole('button').press('Enter');
      await expect(row(ours, 'Right lung')).toHaveAttribute('aria-selected', 'true');
    });

    await test.step('stand side by side with ours, each in its own half', async () => {
      const canvases = page.locator('.cornerstone-canvas');
      await reading.cy('ai-side-by-side').click();
      await expect(canvases).toHaveCount(2);
      await expect(reading.cy('ai-viewport-caption')).toHaveText([
        /^A · Lungs on CT/,
        'B · LungLines 7.2 · Another program, automatic',
      ]);
      await expect.poll(() => reading.colouredPixels()).toBeGreaterThan(1000);
      await expect.poll(() => reading.colouredPixels(1)).toBeGreaterThan(1000);
      // What is left of each half when the other's result is out of sight.
      await eye('LungLines').click();
      await expect.poll(() => reading.colouredPixels(1)).toBeLessThan(500);
      expect(await reading.colouredPixels()).toBeGreaterThan(1000);
      await eye('LungLines').click();
      await reading.cy('ai-compare-close').click();
      await expect(canvases).toHaveCount(1);
      await expect(reading.cy('ai-comparison')).toHaveCount(0);
    });

    expect(reading.errors).toEqual([]);
  });
});
