import { accept, type Outcome } from '@second-reader/core/outcome';
import { encodeModel, type OnnxModel } from '../../onnx/proto';
import { proveRewrite, type Proof } from '../../onnx/prove';
import { rewriteForWebGPU, type Gap, type Rewrite } from '../../onnx/rewrite';

/** A network as it goes into the package, and what was done to it. */
export interface PreparedNetwork {
  model: OnnxModel;
  bytes: Uint8Array;
  rewrites: Rewrite[];
  gaps: Gap[];
  proof: Proof;
}

/**
 * Rewrites a network for WebGPU and proves it: both graphs are run on native ONNX Runtime with the same
 * input. Refuses what `proveRewrite` and `encodeModel` refuse.
 */
export const prepareNetwork = async (original: OnnxModel): Promise<Outcome<PreparedNetwork>> => {
  const { model, rewrites, gaps } = rewriteForWebGPU(original);
  const proof = await proveRewrite(original, model, { rewrites });
  if (!proof.ok) return proof;
  const bytes = encodeModel(model);
  return bytes.ok
    ? accept({ model, bytes: bytes.value, rewrites, gaps, proof: proof.value })
    : bytes;
};

const SEVERITY = {
  fails: 'will fail on WebGPU',
  slow: 'will be slow on WebGPU',
  differs: 'may differ on WebGPU',
} as const;

/** What to tell the person: one line a rewrite, the proof, one line a gap. */
export const preparationLines = ({ rewrites, gaps, proof }: PreparedNetwork): string[] => [
  ...rewrites.map(({ node, detail }) => `Rewritten for WebGPU: ${node}: ${detail}`),
  rewrites.length > 0
    ? `Both graphs on native ONNX Runtime: largest difference ${proof.absolute.toExponential(1)} (${proof.relative.toExponential(1)} of the largest value).`
    : 'Nothing had to be rewritten for WebGPU.',
  ...gaps.map(
    ({ node, op, severity, why, advice }) =>
      `${node} (${op}) ${SEVERITY[severity]}: ${why} ${advice}`,
  ),
];
