import { node, type Attributes } from '../builder';
import type { GraphView } from '../graph';
import type { Shapes } from '../shapes';
import { tensor } from '../tensors';
import type { Int64, OnnxNode, OnnxTensor } from '../types';

/** "To the end" in Slice. */
export const TO_THE_END = 0x7fffffffffffffffn;

/** A change of the graph that was made so that WebGPU can run it. */
export interface Rewrite {
  kind:
    | 'convTranspose3d'
    | 'groupedConv3d'
    | 'groupNormalization'
    | 'flattenedSoftmax'
    | 'manyWaySplit'
    | 'unusedIndices';
  /** The node it was done for. */
  node: string;
  op: string;
  /** The value it makes, under the same name before and after. */
  value: string;
  /** In one line: what it was, what it is. */
  detail: string;
  /** Multiplications of the new form against those of the old. */
  costRatio: number;
}

/** What WebGPU does not run, or not well. */
export interface Gap {
  node: string;
  op: string;
  /**
   * `fails`: the session is made and then fails when run; `slow`: computed on the CPU with copies, or in
   * many small steps; `differs`: runs, and may give other values than the CPU.
   */
  severity: 'fails' | 'slow' | 'differs';
  why: string;
  advice: string;
}

/**
 * Outputs that one kernel can have beside its input: WebGPU promises eight storage buffers to a
 * shader, and Split fails when run on a device with fewer than it needs.
 */
export const MOST_SPLIT_OUTPUTS = 7;

/** What a rewrite may look at, and what it adds in the place of a node. */
export class Patch {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: OnnxTensor[] = [];

  constructor(
    readonly view: GraphView,
    readonly shapes: Shapes,
    readonly opset: number,
    private readonly fresh: (hint: string) => string,
    /** Prefix of every new name: the node that is replaced. */
    private readonly hint: string,
  ) {}

  name(suffix: string): string {
    return this.fresh(`${this.hint}/${suffix}`);
  }

  add(made: OnnxTensor): string {
    this.initializers.push(made);
    return made.name!;
  }

  integers(suffix: string, values: readonly Int64[]): string {
    return this.add(tensor.int64(this.name(suffix), [values.length], values));
  }

  /** Adds a node with one output, named `output` where given. */
  op(
    opType: string,
    input: readonly (string | undefined)[],
    attributes: Attributes = {},
    output?: string,
  ): string {
    const made = output ?? this.name(opType);
    this.nodes.push(node(opType, input, [made], attributes, this.name(opType)));
    return made;
  }

  /** Slice, whose bounds were attributes before opset 10. */
  slice(
    x: string,
    starts: readonly Int64[],
    ends: readonly Int64[],
    axes: readonly number[],
    output?: string,
  ): string {
    if (this.opset >= 10) {
      const bounds = [
        this.integers('starts', starts),
        this.integers('ends', ends),
        this.integers('axes', axes),
      ];
      return this.op('Slice', [x, ...bounds], {}, output);
    }
    // An end beyond the axis means its end, in every opset.
    const numbers = (list: readonly Int64[]) => list.map(at => Number(at));
    const attributes = {
      starts: numbers(starts),
      ends: numbers(ends).map(end => Math.min(end, 2 ** 31 - 1)),
      axes,
    };
    return this.op('Slice', [x], attributes, output);
  }

  /**
   * Parts of `sizes` along `axis`, named `output` where given: one Split where WebGPU has enough buffers
   * for it, else a Slice for every part.
   */
  split(x: string, sizes: readonly number[], axis: number, output?: readonly string[]): string[] {
    if (sizes.length > MOST_SPLIT_OUTPUTS) {
      let at = 0;
      return sizes.map((size, i) =>
        this.slice(x, [at], [(at += size)], [axis], output?.[i] || undefined),
      );
    }
    const made = output ? [...output] : sizes.map(() => this.name('Split'));
    // The sizes were an attribute before opset 13.
    const input = this.opset >= 13 ? [x, this.integers('split', sizes)] : [x];
    const attributes = { axis, split: this.opset >= 13 ? undefined : sizes };
    this.nodes.push(node('Split', input, made, attributes, this.name('Split')));
    return made;
  }
}
