/** What a manifest is refused for once one value of it is changed, and values that tests change. */
import { abdomenCt, changed, chestFilm, noduleCt, petCt } from './manifests';
import { readManifest } from '../validate';

export type Path = Array<string | number>;
export const problemsOf = (
  manifest: Record<string, unknown>,
  path: Path,
  value: unknown,
): string[] => readManifest(changed(manifest, path, value)).problems;

export const label = (abdomenCt().outputs as Array<{ labels: object[] }>)[0].labels[0];
export const film = (chestFilm().outputs as object[])[0];
export const heat = (noduleCt().outputs as object[])[0];
export const attention = (noduleCt().outputs as object[])[1];
export const burden = (petCt().outputs as Array<{ values: object[] }>)[0];
export const volume = burden.values[0];
export const boxes = {
  type: 'boxes',
  boxes: 'b',
  scores: 's',
  labels: (heat as { labels: object[] }).labels,
};
export const folds = [1, 2, 3].map(k => ({
  role: 'network',
  path: `fold-${k}.onnx`,
  sha256: `${k}`.repeat(64),
  bytes: 1,
}));
export const fixture = { role: 'fixture', path: 'f.safetensors', sha256: 'e'.repeat(64), bytes: 1 };
