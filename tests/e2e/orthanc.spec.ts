import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from '@playwright/test';
import { download, filesBelow, instancesOf, run, stow } from './support/dicom';
import { orthancIsInstalled, startOrthanc, type Orthanc } from './support/orthanc';
import { SAMPLE_DATA, SCRATCH } from './support/paths';
import { ReadingPage, sampleStudy } from './support/reading';
import { startViewer, type Viewer } from './support/server';

test.describe('behind the page, a real Orthanc', () => {
  test.skip(!orthancIsInstalled(), 'skipped: apt-get install orthanc orthanc-dicomweb');

  let orthanc: Orthanc;
  let viewer: Viewer;
  const sample = sampleStudyOf('current');

  test.beforeAll(async () => {
    orthanc = await startOrthanc();
    const files = filesBelow(path.join(SAMPLE_DATA, 'instances'));
    for (let at = 0; at < files.length; at += 40) {
      const batch = files.slice(at, at + 40).map(file => fs.readFileSync(file));
      expect((await stow(orthanc.url, batch)).status).toBe(200);
    }
    viewer = await startViewer({ dicomweb: orthanc.url, maturity: 'feedback' });
  });
  test.afterAll(async () => {
    await viewer?.stop();
    await orthanc?.stop();
  });

  test('evidence is stored, valid to others’ readers, and opens in OHIF’s own viewer', async ({
    page,
  }) => {
    const { studyInstanceUID } = sample();
    const reading = new ReadingPage(page);
    await test.step('reads and stores', async () => {
      await reading.open(viewer.url, studyInstanceUID);
      await reading.findingsShown(2);
      await reading.findings.first().click();
      await page.keyboard.press('y');
      await reading.cy('ai-next').click();
      await page.keyboard.press('y');
      await reading.cy('ai-store').click();
      await expect(reading.cy('ai-stored')).toHaveAttribute('data-state', 'stored');
    });

    await test.step('dciodvfy finds no error in SEG and SR; dsrdump prints the report', async () => {
      for (const modality of ['SEG', 'SR']) {
        const stored = await instancesOf(orthanc.url, studyInstanceUID, modality);
        expect(stored).toHaveLength(1);
        const file = path.join(SCRATCH, `${modality}.dcm`);
        await download(orthanc.url, studyInstanceUID, stored[0], file);
        const { output } = run('dciodvfy', '-new', file);
        expect(output.split('\n').filter(line => line.startsWith('Error'))).toEqual([]);
      }
      const { status, output } = run('dsrdump', path.join(SCRATCH, 'SR.dcm'));
      expect(status).toBe(0);
      expect(output).toContain('Imaging Measurement Report');
    });

    await test.step('storing again doubles nothing', async () => {
      await page.reload();
      await reading.findingsShown(2);
      await expect(reading.cy('ai-origin').first()).toHaveAttribute('data-origin', 'archive');
      await page.keyboard.press('Shift+S');
      await page.waitForTimeout(3000);
      expect(await instancesOf(orthanc.url, studyInstanceUID, 'SEG')).toHaveLength(1);
      expect(await instancesOf(orthanc.url, studyInstanceUID, 'SR')).toHaveLength(1);
    });

    await test.step('the SEG opens as a segmentation in the viewer mode', async () => {
      await reading.open(viewer.url, studyInstanceUID, 'viewer');
      const thumbnail = page.locator('[data-cy="study-browser-thumbnail-no-image"]', {
        hasText: 'SEG',
      });
      await thumbnail.first().dblclick({ timeout: 60_000 });
      // Some builds ask before they load it.
      const load = page.getByRole('button', { name: /^(yes|load|confirm)/i });
      const panel = page.locator('[data-cy^="panelSegmentation"][data-cy$="btn"]');
      await expect
        .poll(
          async () => {
            if (await load.count()) await load.first().click();
            const listed = await page.getByText('Left lung').count();
            if (!listed && (await panel.count())) await panel.first().click();
            return listed;
          },
          { timeout: 90_000, intervals: [3000] },
        )
        .toBeGreaterThan(0);
      await page.mouse.move(640, 400);
      // One slice a notch: to the middle of the chest.
      for (let notch = 0; notch < 70; notch++) await page.mouse.wheel(0, 120);
      await expect.poll(() => reading.colouredPixels(), { timeout: 60_000 }).toBeGreaterThan(1000);
    });
  });
});

/** Read when the test runs: the sample is made by the global set-up. */
function sampleStudyOf(name: 'current' | 'prior') {
  return () => sampleStudy(SAMPLE_DATA, name);
}
