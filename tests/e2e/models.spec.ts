import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from '@playwright/test';
import { filesBelow } from './support/dicom';
import { CLI, ROOT, SCRATCH } from './support/paths';
import { ReadingPage } from './support/reading';
import { seriesFromNifti } from './support/series';
import { startViewer } from './support/server';

/**
 * A researcher's model, from the command line to the overlay: imported from its original form, what
 * no file says given as options, validated, served, run in the viewer.
 */

const SHARED = process.env.SECOND_READER_DATA ?? path.resolve(ROOT, '../shared/data');
const BUNDLES = path.join(ROOT, 'tests/fixtures/bundles');

const cli = (...given: string[]): string => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...given], {
    encoding: 'utf8',
  });
  expect(status, `second-reader ${given.join(' ')}\n${stdout}${stderr}`).toBe(0);
  return stdout;
};

const SAID = [
  ...['--licence', 'MIT', '--intended-use', 'Tests of the import; not for any person.'],
  ...['--limitation', 'Its weights may be random.', '--training-data', 'None that is known here.'],
  ...['--manufacturer', 'Second Reader’s tests'],
];

const scratch = (name: string): string => {
  const folder = path.join(SCRATCH, 'models-spec', name);
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  return folder;
};

/** StudyInstanceUID (0020,000D) of an explicit VR file. */
const studyOf = (file: string): string => {
  const bytes = fs.readFileSync(file);
  const at = bytes.indexOf(Buffer.from([0x20, 0x00, 0x0d, 0x00, 0x55, 0x49]));
  const length = bytes.readUInt16LE(at + 6);
  return bytes.toString('latin1', at + 8, at + 8 + length).replace(/\0+$/, '');
};

interface Case {
  name: string;
  id: string;
  /** Source of the import with the options it needs. */
  source(folder: string): string[];
  study(folder: string): { files: string; studyInstanceUID: string };
  findings: number;
  missing?: string;
}

const brain = path.join(SHARED, 'dicom/brain_t1c_vs_seg_jpegls');
const meshnet = path.join(SHARED, 'models/brain_tissue_meshnet5/original/model.json');

const CASES: Case[] = [
  {
    name: 'a MONAI bundle',
    id: 'seeded-unet',
    source: () => [path.join(BUNDLES, 'monai')],
    study: folder => {
      const { folder: files, studyInstanceUID } = seriesFromNifti(
        path.join(BUNDLES, 'monai/scan.nii.gz'),
        folder,
        { modality: 'MR', patient: 'Monai' },
      );
      return { files, studyInstanceUID };
    },
    findings: 2,
  },
  {
    name: 'an nnU-Net v2 folder',
    id: 'seeded-nnunet',
    source: () => [path.join(BUNDLES, 'nnunet')],
    study: folder => {
      const { folder: files, studyInstanceUID } = seriesFromNifti(
        path.join(BUNDLES, 'nnunet/scan.nii.gz'),
        folder,
        { modality: 'CT', patient: 'Nnunet' },
      );
      return { files, studyInstanceUID };
    },
    findings: 2,
  },
  {
    name: 'brainchop’s MeshNet, a TF.js layers model',
    id: 'meshnet',
    source: () => [meshnet, '--preset', 'brainchop', '--crop-above', '0', '--argmax'],
    study: () => ({ files: brain, studyInstanceUID: studyOf(filesBelow(brain)[0]) }),
    findings: 2,
    missing: [brain, meshnet].find(needed => !fs.existsSync(needed)),
  },
];

for (const one of CASES) {
  test(`${one.name} runs from the command line to the overlay`, async ({ page }) => {
    test.skip(one.missing !== undefined, `skipped: ${one.missing} is not there`);
    const models = scratch(`${one.id}/models`);
    const folder = path.join(models, one.id);
    const [source, ...options] = one.source(scratch(`${one.id}/source`));
    cli('models', 'import', source, '--out', folder, '--id', one.id, ...options, ...SAID);
    cli('models', 'validate', folder);
    const { files, studyInstanceUID } = one.study(scratch(`${one.id}/study`));
    const viewer = await startViewer({ models, dicom: [files] });
    try {
      const reading = new ReadingPage(page);
      await reading.open(viewer.url, studyInstanceUID);
      await reading.findingsShown(one.findings);
      await reading.findings.first().click();
      await expect.poll(() => reading.colouredPixels()).toBeGreaterThan(500);
      await reading.cy(`ai-model-card-${one.id}`).click();
      const card = reading.cy('ai-card-dialog');
      await expect(card).toContainText('Tests of the import; not for any person.');
      await page.keyboard.press('Escape');
      await expect(card).toHaveCount(0);
      expect(reading.errors).toEqual([]);
    } finally {
      await viewer.stop();
    }
  });
}
