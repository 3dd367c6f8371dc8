import { heatLevels } from '../../core/findings/heatColours';
import { labToRgb } from '../../core/findings/labColour';
import { levelsOf } from '../../core/findings/mapLevels';
import {
  conceptOf,
  type FindingConcept,
  type MapFinding,
  type RunResult,
  type SegmentFinding,
} from '../../core/findings/types';
import { planSlices } from '../../core/volume/assemble';
import type { VolumeGeometry } from '../../core/geometry/types';
import type { LabelMap } from '../../core/volume/types';

export type Rgba = [number, number, number, number];

/** A label map that is drawn for a run: its segments, or one of its maps in steps of colour. */
export interface OverlayLayer {
  /** Of the label map in the host. */
  segmentationId: string;
  name: string;
  labelMap: LabelMap;
  labels: Array<{ value: number; text: FindingConcept['label']; colour: Rgba; findingId: string }>;
  /** Steps of colour stand side by side: lines around each would be all that is seen. */
  isHeat: boolean;
}

const nameOf = ({ provenance: { modelName, modelVersion } }: RunResult): string =>
  [modelName, modelVersion].filter(Boolean).join(' ') || 'Second Reader';

function segmentLayer(run: RunResult): OverlayLayer[] {
  const segments = run.findings.filter(
    (finding): finding is SegmentFinding => finding.kind === 'segment',
  );
  if (!run.labelMap || segments.length === 0) return [];
  return [
    {
      segmentationId: `second-reader:${run.runId}`,
      name: nameOf(run),
      labelMap: run.labelMap,
      labels: segments.map(({ id, segment }) => ({
        value: segment.segmentNumber,
        text: segment.label,
        colour: [...labToRgb(segment.recommendedDisplayCIELab), 255],
        findingId: id,
      })),
      isHeat: false,
    },
  ];
}

/** The grid of the images that a run was made of. */
function sourceGeometry({ labelMap, source }: RunResult): VolumeGeometry | undefined {
  if (labelMap) return labelMap.geometry;
  const plan = planSlices(source.slices);
  return plan.ok ? plan.value.geometry : undefined;
}

async function heatLayer(
  run: RunResult,
  finding: MapFinding,
  breathe: () => Promise<void>,
): Promise<OverlayLayer[]> {
  const map = run.maps?.find(({ key }) => key === finding.mapKey);
  const geometry = sourceGeometry(run);
  if (!map || !geometry) return [];
  const steps = levelsOf(map, geometry);
  let step = steps.next();
  while (!step.done) {
    await breathe();
    step = steps.next();
  }
  const { label } = conceptOf(finding);
  return [
    {
      segmentationId: `second-reader:${run.runId}:${finding.mapKey}`,
      name: `${label.en} (${nameOf(run)})`,
      labelMap: step.value,
      labels: heatLevels().map((colour, index) => ({
        value: index + 1,
        text: label,
        colour,
        findingId: finding.id,
      })),
      isHeat: true,
    },
  ];
}

/**
 * What is drawn of a run as label maps; nothing of a run that has neither segments nor maps.
 *
 * @param breathe is awaited between slices, so that no task is long
 */
export async function overlayLayersOf(
  run: RunResult,
  breathe: () => Promise<void>,
): Promise<OverlayLayer[]> {
  const layers = segmentLayer(run);
  for (const finding of run.findings) {
    if (finding.kind === 'map') layers.push(...(await heatLayer(run, finding, breathe)));
  }
  return layers;
}
