import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Workspace } from '../workspace';
import { temporaryFolder } from './archiveServer';

/** A workspace as a build leaves it, and a folder as an unpacked OHIF is: enough to be served. */
export async function makePage(): Promise<{ workspace: Workspace; ohif: string; root: string }> {
  const root = await temporaryFolder();
  const files: Record<string, string> = {
    'extension/dist/esm/extension.js': 'export default { id: "extension" };',
    'extension/dist/esm/inference-worker.js': '// worker',
    'extension/dist/esm/ort/runtime.wasm': '\0asm',
    'mode/dist/esm/mode.js': 'export default { id: "mode" };',
    'models/ct-lungs/model.json': JSON.stringify({ id: 'ct-lungs' }),
    'models/ct-lungs/network.onnx': 'network',
    'models/README.md': 'no package',
    'ohif/dist/index.html': '<title>OHIF Viewer</title>',
    'ohif/dist/app.bundle.0f6159c501addfe9.js': 'app',
    'ohif/dist/app-config.js': 'window.config = { stock: true };',
    'ohif/package.json': JSON.stringify({ name: '@ohif/app', version: '3.13.2' }),
  };
  for (const [name, contents] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(root, name)), { recursive: true });
    await writeFile(path.join(root, name), contents);
  }
  return {
    root,
    ohif: path.join(root, 'ohif'),
    workspace: {
      root,
      extension: path.join(root, 'extension/dist/esm'),
      mode: path.join(root, 'mode/dist/esm'),
      models: path.join(root, 'models'),
    },
  };
}
