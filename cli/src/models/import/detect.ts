import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { accept, refuse, type Outcome } from '@second-reader/core/outcome';
import { isChain } from './chain/source';
import type { SourceKind } from './draft';
import { readJson } from './files';

export interface DetectedSource {
  kind: SourceKind;
  /** The folder of a bundle or of plans, the model.json of a TF.js model, a chain's .json, the ONNX file. */
  path: string;
}

const isFolder = (source: string): boolean => statSync(source).isDirectory();
const has = (folder: string, ...names: string[]): boolean =>
  names.every(name => existsSync(path.join(folder, name)));

const formatOf = async (file: string): Promise<string | undefined> => {
  const json = await readJson(file);
  const format = json.ok && (json.value as { format?: unknown; modelTopology?: unknown } | null);
  if (!format) return undefined;
  if (typeof format.format === 'string') return format.format;
  return format.modelTopology ? 'layers-model' : undefined;
};

const ALLOWED =
  'a MONAI bundle (configs/metadata.json), an nnU-Net v2 folder (plans.json, dataset.json), a TF.js layers model (model.json), a description of a chain of networks (.json) or an ONNX file';

const unknown = (source: string, found: string): Outcome<never> =>
  refuse('importSource', `${source} is ${found}; what can be imported is ${ALLOWED}.`, {
    source,
    found,
    allowed: ALLOWED,
  });

/** Other files people have weights in, and the way to ONNX. */
const OTHERS: Record<string, string> = {
  '.pt': 'a PyTorch file: export it to ONNX first (models/README.md has the line)',
  '.pth': 'a PyTorch file: export it to ONNX first (models/README.md has the line)',
  '.ckpt': 'a checkpoint: export it to ONNX first (models/README.md has the line)',
  '.h5': 'a Keras file: convert it with tf2onnx first',
  '.keras': 'a Keras file: convert it with tf2onnx first',
  '.pb': 'a TensorFlow graph: convert it with tf2onnx first',
  '.tflite': 'a TensorFlow Lite file: convert it with tf2onnx first',
};

/** What kind of source a path is, by what lies there. Refuses `importSource`. */
export const detectSource = async (source: string): Promise<Outcome<DetectedSource>> => {
  if (!existsSync(source)) return unknown(source, 'not there');
  if (isFolder(source)) {
    if (has(source, 'configs/metadata.json')) return accept({ kind: 'MONAI bundle', path: source });
    if (has(source, 'plans.json', 'dataset.json'))
      return accept({ kind: 'nnU-Net v2 folder', path: source });
    if (has(source, 'model.json')) return detectSource(path.join(source, 'model.json'));
    const inner = readdirSync(source).map(name => path.join(source, name));
    const onnx = inner.filter(name => name.endsWith('.onnx'));
    if (onnx.length === 1) return accept({ kind: 'ONNX file', path: onnx[0] });
    const folders = inner.filter(isFolder);
    // A bundle or a TF.js model is often one folder deeper than what was unpacked.
    if (folders.length === 1 && inner.length === 1) return detectSource(folders[0]);
    return unknown(source, `a folder with ${inner.length} entries and none of these in it`);
  }
  if (path.basename(source) === 'plans.json') {
    return detectSource(path.dirname(source));
  }
  if (source.endsWith('.json')) {
    const json = await readJson(source);
    if (json.ok && isChain(json.value)) return accept({ kind: 'chain of networks', path: source });
    const format = await formatOf(source);
    return format
      ? accept({ kind: 'TF.js layers model', path: source })
      : unknown(source, 'JSON, but no TF.js model and no description of a chain of networks');
  }
  if (source.endsWith('.onnx')) return accept({ kind: 'ONNX file', path: source });
  const other = OTHERS[path.extname(source).toLowerCase()];
  return unknown(source, other ?? 'a file of no known kind');
};
