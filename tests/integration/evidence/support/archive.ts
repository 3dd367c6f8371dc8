import { startOrthanc, type Orthanc } from '../../../e2e/support/orthanc';

/** What an archive made of a file: its own number for it, and the file as it gives it back. */
export interface Kept {
  sopInstanceUID: string;
  returned: ArrayBuffer;
}

/** Stores files in an Orthanc of their own, one after the other, and asks for each of them again. */
export async function keptByOrthanc(files: readonly ArrayBuffer[]): Promise<Kept[]> {
  const orthanc: Orthanc = await startOrthanc();
  const url = `http://127.0.0.1:${orthanc.port}`;
  const answerOf = async (path: string, init?: RequestInit): Promise<Response> => {
    const answer = await fetch(`${url}${path}`, init);
    if (!answer.ok) throw new Error(`Orthanc: ${answer.status} ${await answer.text()}`);
    return answer;
  };
  try {
    const kept: Kept[] = [];
    for (const body of files) {
      const stored = (await (await answerOf('/instances', { method: 'POST', body })).json()) as {
        ID: string;
      };
      const tags = (await (await answerOf(`/instances/${stored.ID}/simplified-tags`)).json()) as {
        SOPInstanceUID: string;
      };
      kept.push({
        sopInstanceUID: tags.SOPInstanceUID,
        returned: await (await answerOf(`/instances/${stored.ID}/file`)).arrayBuffer(),
      });
    }
    return kept;
  } finally {
    await orthanc.stop();
  }
}
