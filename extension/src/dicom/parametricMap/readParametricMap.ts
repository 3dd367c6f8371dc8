import { z } from 'zod';
import { accept, refuse, type Outcome } from '../../core/outcome';
import type { RunResult, ScalarMap, SourceSeries } from '../../core/findings/types';
import { voxelCount } from '../../core/geometry/transform';
import { CODE, parsedCode, sameCode } from '../common/codes';
import { matchedSource } from '../common/matchedSource';
import { provenanceOf } from '../common/parameters';
import type { ParsedDataset } from '../common/parse';
import { issueOf, number, single, text } from '../common/schemas';
import { mapParametersSchema } from './parameters';

const contentItem = z.object({
  ConceptNameCodeSequence: parsedCode,
  ConceptCodeSequence: parsedCode.optional(),
  TextValue: text.optional(),
});

const mapSchema = z.object({
  SOPInstanceUID: text,
  InstanceNumber: number,
  Rows: number,
  Columns: number,
  NumberOfFrames: number,
  BitsAllocated: z.tuple([z.literal(32)]),
  FloatPixelPaddingValue: number.optional(),
  ReferencedSeriesSequence: single(
    z.object({
      SeriesInstanceUID: text,
      ReferencedInstanceSequence: z.array(z.object({ ReferencedSOPInstanceUID: text })),
    }),
  ),
  SharedFunctionalGroupsSequence: single(
    z.object({
      RealWorldValueMappingSequence: single(
        z.object({
          MeasurementUnitsCodeSequence: parsedCode,
          QuantityDefinitionSequence: z.array(contentItem).min(1),
        }),
      ),
    }),
  ),
  FloatPixelData: z.instanceof(Uint8Array),
});

/** A map of a run as its Parametric Map tells it. */
export interface ReadParametricMap {
  sopInstanceUID: string;
  runId: string;
  /** Which of the run's maps it is, from 1. */
  instanceNumber: number;
  map: ScalarMap;
  source: SourceSeries;
  provenance: RunResult['provenance'];
}

const unreadable = (reason: string): Outcome<never> =>
  refuse('evidenceUnreadable', `A stored AI result (PM) cannot be read: ${reason}`, {
    object: 'PM',
    reason,
  });

/** What the text of Algorithm Parameters says, or why it cannot be read. */
function parametersOf(json: string): Outcome<z.infer<typeof mapParametersSchema>> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    return unreadable(`Algorithm Parameters: ${String(error)}`);
  }
  const parsed = mapParametersSchema.safeParse(value);
  return parsed.success
    ? accept(parsed.data)
    : unreadable(`Algorithm Parameters: ${issueOf(parsed.error)}`);
}

/** What stands for no value is none. */
function withoutPadding(
  values: Float32Array<ArrayBuffer>,
  padding: number | undefined,
): Float32Array<ArrayBuffer> {
  if (padding === undefined) return values;
  for (let at = 0; at < values.length; at++) {
    if (values[at] === padding) values[at] = NaN;
  }
  return values;
}

/**
 * A map from one of our own Parametric Maps, on the grid that it was written on, to the last bit; NaN
 * where it has padding. `undefined` when its source series is not among the given ones.
 *
 * Refuses with `evidenceUnreadable`, `evidenceMatrixDiffers`, `evidencePixelsMissing` or as
 * `matchedSource` does.
 */
export function readParametricMap(
  dataset: ParsedDataset,
  sources: readonly SourceSeries[],
): Outcome<ReadParametricMap | undefined> {
  const parsed = mapSchema.safeParse(dataset);
  if (!parsed.success) return unreadable(issueOf(parsed.error));
  const object = parsed.data;
  const mapping = object.SharedFunctionalGroupsSequence.RealWorldValueMappingSequence;
  const items = mapping.QuantityDefinitionSequence;
  const concept = items.find(item => item.ConceptCodeSequence)?.ConceptCodeSequence;
  const json = items.find(item =>
    sameCode(item.ConceptNameCodeSequence, CODE.algorithmParameters),
  )?.TextValue;
  if (!concept || json === undefined) {
    return unreadable('Quantity Definition says no quantity or no Algorithm Parameters');
  }
  const parameters = parametersOf(json);
  if (!parameters.ok) return parameters;
  const { SeriesInstanceUID: series, ReferencedInstanceSequence: references } =
    object.ReferencedSeriesSequence;
  const matched = matchedSource(
    series,
    references.map(each => each.ReferencedSOPInstanceUID),
    sources,
  );
  if (!matched.ok) return matched;
  if (!matched.value) return accept(undefined);
  const { key, label, geometry } = parameters.value.map;
  const met = [object.Columns, object.Rows, object.NumberOfFrames].join('×');
  const allowed = geometry.dimensions.join('×');
  if (met !== allowed) {
    return refuse(
      'evidenceMatrixDiffers',
      `A stored AI result has ${met} pixels, its source ${allowed}`,
      { met, allowed },
    );
  }
  const needed = voxelCount(geometry) * Float32Array.BYTES_PER_ELEMENT;
  const bytes = object.FloatPixelData;
  if (bytes.length < needed) {
    return refuse(
      'evidencePixelsMissing',
      `A stored AI result has ${bytes.length} bytes of pixels; its ${object.NumberOfFrames} frames need ${needed}`,
      { met: bytes.length, allowed: needed },
    );
  }
  return accept({
    sopInstanceUID: object.SOPInstanceUID,
    runId: parameters.value.runId,
    instanceNumber: object.InstanceNumber,
    source: matched.value.source,
    provenance: provenanceOf(parameters.value),
    map: {
      key,
      label,
      concept,
      unit: mapping.MeasurementUnitsCodeSequence,
      geometry,
      // A copy: a view of four-byte numbers must begin at a multiple of four.
      values: withoutPadding(
        new Float32Array(bytes.slice(0, needed).buffer),
        object.FloatPixelPaddingValue,
      ),
    },
  });
}
