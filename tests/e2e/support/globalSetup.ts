import fs from 'node:fs';
import { CLI, SAMPLE_DATA, SCRATCH } from './paths';
import { startViewer } from './server';

/** An empty scratch folder with one archive that holds the sample patient, made as a user's is. */
export default async function globalSetup(): Promise<void> {
  if (!fs.existsSync(CLI)) throw new Error(`${CLI} is not there: run "npm run build" first`);
  fs.rmSync(SCRATCH, { recursive: true, force: true });
  fs.mkdirSync(SCRATCH, { recursive: true });
  const viewer = await startViewer({ data: SAMPLE_DATA });
  await viewer.stop();
}
