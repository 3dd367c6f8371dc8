import { accept, type Outcome } from '@second-reader/core/outcome';
import { toFloat16, type HalfLoss } from '../../onnx/float16';
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
  /** What float16 weights cost, where they were asked for. */
  half?: { loss: Proof; float32Nodes: string[]; losses: HalfLoss[] };
}

/**
 * Rewrites a network for WebGPU and proves it: both graphs are run on native ONNX Runtime with the same
 * input. With `fp16` the rewritten one is halved, and its loss measured the same way. Refuses what
 * `proveRewrite`, `toFloat16` and `encodeModel` refuse.
 */
export const prepareNetwork = async (
  original: OnnxModel,
  fp16: boolean,
): Promise<Outcome<PreparedNetwork>> => {
  const { model, rewrites, gaps } = rewriteForWebGPU(original);
  const proof = await proveRewrite(original, model, { rewrites });
  if (!proof.ok) return proof;
  const prepared = { model, rewrites, gaps, proof: proof.value };
  const halved = fp16 ? await halve(prepared) : accept(prepared);
  if (!halved.ok) return halved;
  const bytes = encodeModel(halved.value.model);
  return bytes.ok ? accept({ ...halved.value, bytes: bytes.value }) : bytes;
};

const halve = async (
  prepared: Omit<PreparedNetwork, 'bytes'>,
): Promise<Outcome<Omit<PreparedNetwork, 'bytes'>>> => {
  const converted = toFloat16(prepared.model);
  if (!converted.ok) return converted;
  const { model, losses, float32Nodes, gaps } = converted.value;
  // Any loss is told; whether it is too much is for the person to say.
  const loss = await proveRewrite(prepared.model, model, {
    shapes: prepared.proof.shapes,
    tolerance: Infinity,
  });
  if (!loss.ok) return loss;
  return accept({
    ...prepared,
    model,
    gaps: [...prepared.gaps, ...gaps],
    half: { loss: loss.value, float32Nodes, losses },
  });
};

const SEVERITY = {
  fails: 'will fail on WebGPU',
  slow: 'will be slow on WebGPU',
  differs: 'may differ on WebGPU',
} as const;

/** What to tell the person: one line a rewrite, the proof, one line a gap. */
export const preparationLines = ({ rewrites, gaps, proof, half }: PreparedNetwork): string[] => [
  ...rewrites.map(({ node, detail }) => `Rewritten for WebGPU: ${node}: ${detail}`),
  rewrites.length > 0
    ? `Both graphs on native ONNX Runtime: largest difference ${proof.absolute.toExponential(1)} (${proof.relative.toExponential(1)} of the largest value).`
    : 'Nothing had to be rewritten for WebGPU.',
  ...(half
    ? [
        `float16: largest loss ${half.loss.absolute.toExponential(1)} (${half.loss.relative.toExponential(1)} of the largest value); ${half.float32Nodes.length} nodes stay in float32.`,
        ...half.losses.map(
          ({ name, overflow, underflow, elements }) =>
            `float16: ${name} has ${overflow} of ${elements} weights beyond its range and ${underflow} that become 0.`,
        ),
      ]
    : []),
  ...gaps.map(
    ({ node, op, severity, why, advice }) =>
      `${node} (${op}) ${SEVERITY[severity]}: ${why} ${advice}`,
  ),
];
