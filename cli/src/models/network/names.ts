import type { ModelManifest } from '@second-reader/core/model/manifest';

/** Names of the ONNX outputs that the manifest reads. */
export const outputNamesOf = ({ outputs }: Pick<ModelManifest, 'outputs'>): string[] =>
  outputs.flatMap(output => {
    switch (output.type) {
      case 'boxes':
        return [output.boxes, output.scores, ...(output.classes ? [output.classes] : [])];
      case 'centerHeatmap':
        return [output.name, ...(output.size ? [output.size] : [])];
      default:
        return [output.name];
    }
  });

export const inputNamesOf = ({ inputs }: Pick<ModelManifest, 'inputs'>): string[] =>
  inputs.map(({ name }) => name);
