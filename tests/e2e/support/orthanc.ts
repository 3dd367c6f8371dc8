import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { ended, freePort, startedBy } from './server';
import { SCRATCH } from './paths';

const PLUGIN = '/usr/share/orthanc/plugins/libOrthancDicomWeb.so';

export const orthancIsInstalled = (): boolean =>
  fs.existsSync(PLUGIN) && spawnSync('Orthanc', ['--version']).status === 0;

export interface Orthanc {
  /** DICOMweb root. */
  url: string;
  port: number;
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port with what it had stored. */
  restart(): Promise<void>;
}

/** A real Orthanc with its DICOMweb plugin, in a folder of its own. */
export const startOrthanc = async (): Promise<Orthanc> => {
  const port = await freePort();
  fs.mkdirSync(SCRATCH, { recursive: true });
  const folder = fs.mkdtempSync(path.join(SCRATCH, 'orthanc-'));
  const configuration = path.join(folder, 'orthanc.json');
  fs.writeFileSync(
    configuration,
    JSON.stringify({
      Name: 'SECONDREADER',
      StorageDirectory: path.join(folder, 'storage'),
      IndexDirectory: path.join(folder, 'index'),
      HttpPort: port,
      DicomServerEnabled: false,
      RemoteAccessAllowed: false,
      AuthenticationEnabled: false,
      Plugins: [PLUGIN],
      DicomWeb: { Enable: true, Root: '/dicom-web/' },
    }),
  );
  const launch = async () => {
    const child = spawn('Orthanc', [configuration], { stdio: ['ignore', 'pipe', 'pipe'] });
    await startedBy(child, /Orthanc has started/, 60_000).found;
    return child;
  };
  let child = await launch();
  return {
    url: `http://127.0.0.1:${port}/dicom-web`,
    port,
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      await ended(child);
    },
    async restart() {
      child = await launch();
    },
  };
};
