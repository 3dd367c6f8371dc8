import { openFolderOutbox } from '../outbox/folderOutbox';
import { ctSlice } from './dicom';

/** A program of its own for tests that kill it: fills an outbox, and names each entry that is in it. */
const fill = async (folder: string) => {
  const opened = await openFolderOutbox(folder);
  if (!opened.ok) throw new Error(opened.refusal.message);
  for (let number = 1; ; number++) {
    const objects = [1, 2].map(each => {
      const sopInstanceUID = `1.9.${number}.${each}`;
      const identity = { studyInstanceUID: '1.9', seriesInstanceUID: '1.9.0', sopInstanceUID };
      const file = ctSlice({ ...identity, number, size: 128 });
      return {
        sopClassUID: '1.2.840.10008.5.1.4.1.1.2',
        ...identity,
        part10: new Uint8Array(file).buffer,
      };
    });
    const kept = await opened.value.put({
      id: `entry ${number}`,
      studyInstanceUID: '1.9',
      runId: `1.9.${number}`,
      objects,
      signature: '[]',
      attempts: 0,
      enqueuedAt: new Date(number).toISOString(),
    });
    if (!kept.ok) throw new Error(kept.refusal.message);
    process.stdout.write(`entry ${number}\n`);
  }
};
void fill(process.argv[2]);
