import { expect, test } from '@playwright/test';
import { ReadingPage, sampleStudy } from './support/reading';
import { startViewer, type Viewer } from './support/server';

/** What does not differ between OHIF's builds is tried on the default one. */
test.describe('AI reading', () => {
  let viewer: Viewer;
  test.beforeAll(async () => {
    viewer = await startViewer();
  });
  test.afterAll(() => viewer.stop());

  const current = () => sampleStudy(viewer.data, 'current').studyInstanceUID;

  test('the study list offers the mode; neither tour nor banner covers the page', async ({
    page,
  }) => {
    const reading = new ReadingPage(page);
    await page.goto(viewer.url);
    await page.getByText('Chest CT, synthetic sample').first().click();
    await page.getByText('AI reading').first().click();
    await expect(reading.cy('ai-panel')).toBeVisible();
    await expect(page.getByText(/investigational use/i)).toHaveCount(0);
    await expect(page.locator('.shepherd-element')).toHaveCount(0);
    await expect(page.locator('.shepherd-modal-is-visible')).toHaveCount(0);
    await reading.findingsShown(2);
    expect(reading.errors).toEqual([]);
  });

  test('a run shows its phase and percent, and can be cancelled and started again', async ({
    page,
  }) => {
    const reading = new ReadingPage(page);
    await reading.open(viewer.url, current());
    await expect(reading.cy('ai-progress')).toBeVisible({ timeout: 120_000 });
    await expect(reading.cy('ai-progress')).toContainText('%');
    await reading.cy('ai-cancel').click();
    await expect(reading.cy('ai-progress')).toHaveCount(0);
    await expect(reading.findings).toHaveCount(0);
    await reading.cy('ai-run-ct-lungs').click();
    await reading.findingsShown(2);
  });

  test('speaks Ukrainian when the viewer does', async ({ page }) => {
    const reading = new ReadingPage(page);
    await page.addInitScript(() => localStorage.setItem('i18nextLng', 'uk'));
    await reading.open(viewer.url, current());
    await reading.findingsShown(2);
    await expect(reading.cy('ai-panel')).toContainText('легеня');
    await expect(reading.cy('ai-notice')).toContainText('ШІ');
  });

  test('other extensions drive it by commands and read its state as plain JSON', async ({
    page,
  }) => {
    const reading = new ReadingPage(page);
    await reading.withProbe();
    await reading.open(viewer.url, current());
    await reading.findingsShown(2);
    const { findings } = await reading.state();
    await reading.command('selectFinding', { findingId: findings[1].id });
    await reading.command('reviewFinding', { findingId: findings[1].id, verdict: 'accepted' });
    const state = await reading.state();
    expect(state.selectedFindingId).toBe(findings[1].id);
    expect(state.findings[1].verdict).toBe('accepted');
    await reading.command('reviewFinding', { findingId: findings[1].id, verdict: 'perhaps' });
    expect((await reading.state()).findings[1].verdict).toBe('accepted');
    await reading.command('toggleAI');
    expect((await reading.state()).overlayVisible).toBe(false);
  });
});

test('at research nothing is stored, and the panel says so', async ({ page }) => {
  const viewer = await startViewer({ maturity: 'research' });
  try {
    const reading = new ReadingPage(page);
    const { studyInstanceUID } = sampleStudy(viewer.data, 'current');
    await reading.open(viewer.url, studyInstanceUID);
    await reading.findingsShown(2);
    await expect(reading.cy('ai-maturity')).toHaveAttribute('data-maturity', 'research');
    await expect(reading.cy('ai-store')).toBeDisabled();
    await reading.findings.first().click();
    await page.keyboard.press('y');
    await page.keyboard.press('Shift+S');
    const series = await fetch(`${viewer.url}/dicom-web/studies/${studyInstanceUID}/series`);
    const modalities = ((await series.json()) as Array<Record<string, { Value: string[] }>>).map(
      item => item['00080060'].Value[0],
    );
    expect(modalities).toEqual(['CT']);
  } finally {
    await viewer.stop();
  }
});
