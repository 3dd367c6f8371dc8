import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { DetectionFinding, RunResult } from '../../../extension/src/core/findings/types';
import { indexToWorld } from '../../../extension/src/core/geometry/transform';
import type { SourceMetadata } from '../../../extension/src/core/reading/ports';
import type { SliceHeader } from '../../../extension/src/core/volume/types';
import { sourceAttributes } from '../../../extension/src/dicom/common/source';
import { gridOf, markersOf } from '../../../extension/src/dicom/presentation/markers';
import { writePresentationState } from '../../../extension/src/dicom/presentation/writePresentationState';
import { metadataOf, runOfKind, runOn, slicesOf } from '../../../extension/src/dicom/testing/runs';
import { needs } from '../../support/needs';
import { radiograph, readPgm, sourceImage } from './support/image';
import { metadataOfPerson, PEOPLE, plainName, realSeries } from './support/sources';
import {
  dcmdumpReadsEach,
  dciodvfy,
  pythonSays,
  savedAs,
  temporaryFolder,
  testWith,
} from './support/tools';

/** A detection in the middle of a box of voxels. */
const detectionAt = (
  run: RunResult,
  index: readonly [number, number, number],
  voxels: readonly [number, number, number],
): DetectionFinding => {
  const geometry = gridOf(run);
  const [x, y, z] = geometry.spacing;
  return {
    ...(run.findings[0] as DetectionFinding),
    centroid: indexToWorld(geometry, index),
    size: [voxels[0] * x, voxels[1] * y, voxels[2] * z],
    middleSlice: index[2],
  };
};
const withDetection = (slices: SliceHeader[], ...place: [Place, Place]): RunResult => {
  const run = runOfKind('detection', slices);
  return { ...run, findings: [detectionAt(run, ...place)] };
};
type Place = readonly [number, number, number];

const ct = (options: Partial<Parameters<typeof slicesOf>[0]> = {}): SliceHeader[] =>
  slicesOf({ columns: 80, rows: 60, slices: 7, ...options }).map(slice => ({
    ...slice,
    voi: { center: 40, width: 400, function: 'LINEAR' },
  }));
const overSlices = withDetection(ct(), [50, 20, 3], [12, 8, 3]);
const picture = withDetection([radiograph()], [50, 20, 0], [12, 8, 1]);
const inverted = withDetection([radiograph('MONOCHROME1')], [50, 20, 0], [12, 8, 1]);

interface Case {
  run: RunResult;
  metadata: SourceMetadata;
  patient: string;
  findings?: RunResult['findings'];
}
const phantom = plainName({ Alphabetic: 'Phantom^Chest' });
const caseOf = (run: RunResult, findings?: RunResult['findings']): Case => ({
  run,
  metadata: metadataOf(run),
  patient: phantom,
  findings,
});
const segments = runOn(ct());
const cases: Array<[string, () => Case]> = [
  ['detections on a series', () => caseOf(overSlices)],
  ['a tilted series', () => caseOf(withDetection(ct({ tilted: true }), [50, 20, 3], [12, 8, 3]))],
  [
    'a multi-frame instance',
    () => caseOf(withDetection(ct({ multiFrame: true }), [50, 20, 3], [12, 8, 3])),
  ],
  ['a radiograph', () => caseOf(picture)],
  ['a radiograph in MONOCHROME1', () => caseOf(inverted)],
  [
    'a detection that reaches out of the image',
    () => caseOf(withDetection(ct(), [0, 59, 0], [12, 8, 3])),
  ],
  ['outlines of segments', () => caseOf(segments, segments.findings)],
  ...Object.entries(PEOPLE).map(([language, person]): [string, () => Case] => [
    `a ${language} name`,
    () => ({
      run: overSlices,
      metadata: metadataOfPerson(overSlices, person),
      patient: plainName(person),
    }),
  ]),
];

const written = ({ run, metadata, findings }: Case): ArrayBuffer => {
  const source = sourceAttributes(run, metadata);
  if (!source.ok) throw new Error(source.refusal.message);
  const objects = writePresentationState(run, source.value, findings);
  expect(objects).toHaveLength(1);
  return objects[0].part10;
};

/** What was meant, as read_pr.py tells it. */
const meant = ({ run, patient, metadata, findings = run.findings }: Case) => {
  const image = (k: number) => {
    const { sopInstanceUID, frameNumber } = run.source.slices[k];
    return { instance: sopInstanceUID, frames: frameNumber === undefined ? [] : [frameNumber] };
  };
  const markers = markersOf(run, findings);
  const images = new Map<string, { instance: string; frames: number[] }>();
  for (const k of new Set(markers.map(({ slice }) => slice))) {
    const { instance, frames } = image(k);
    const known = images.get(instance);
    if (known) known.frames.push(...frames);
    else images.set(instance, { instance, frames });
  }
  const { voi } = run.source.slices[0];
  return {
    sopClass: 'Grayscale Softcopy Presentation State Storage',
    patient,
    description: (
      metadata.get(run.source.slices[0].sopInstanceUID) as Record<string, { Value: string[] }>
    )['00081030'].Value[0],
    manufacturer: 'Second Reader',
    images: [...images.values()],
    layers: ['AI_CT_LUNGS'],
    windows: voi ? [[voi.center, voi.width]] : [],
    annotations: markers.map(({ slice, finding, text, lines }) => ({
      images: [image(slice)],
      layer: 'AI_CT_LUNGS',
      text,
      tracking: finding.id,
      lines: lines.map(line => ({
        units: 'PIXEL',
        type: 'POLYLINE',
        points: line.length,
        data: line.flat().map(Math.fround),
      })),
    })),
  };
};

describe('a presentation state as others read it', () => {
  const folder = temporaryFolder();
  const files = new Map<string, string>();
  beforeAll(() => {
    cases.forEach(([name, make], index) =>
      files.set(name, savedAs(folder, `${index}.dcm`, written(make()))),
    );
  });
  for (const [name] of cases) {
    testWith('dciodvfy', `clean: ${name}`, () => {
      expect(dciodvfy(files.get(name)!)).toMatchObject({
        errors: [],
        iod: 'GrayscaleSoftcopyPresentationState',
      });
    });
  }
  dcmdumpReadsEach(() => files.values());
  testWith(
    'highdicom',
    'pydicom reads places, texts, layers, windows and names as meant',
    () => {
      const script = path.join(__dirname, 'support/read_pr.py');
      expect(pythonSays(script, [...files.values()])).toEqual(
        cases.map(([, make]) => meant(make())),
      );
    },
    120000,
  );
});

/** A picture with a bright square where the detection is: 100 in real-world values, else air. */
const lesion = (run: RunResult, k: number): ArrayBuffer => {
  const { rescaleIntercept, modality } = run.source.slices[k];
  const [bright, dark] = modality === 'CT' ? [100 - rescaleIntercept, 0] : [3000, 1000];
  return sourceImage(run, k, metadataOf(run), (i, j) =>
    i >= 44 && i < 56 && j >= 16 && j < 24 ? bright : dark,
  );
};
/** What dcmp2pgm makes of an image, with the state or without, and what it says of the state. */
function rendered(run: RunResult, k: number, withState: boolean) {
  const folder = temporaryFolder();
  const image = savedAs(folder, 'image.dcm', lesion(run, k));
  const state = savedAs(folder, 'state.dcm', written(caseOf(run)));
  const target = path.join(folder, 'out.pgm');
  const args = [...(withState ? ['-v', '-p', state] : []), image, target];
  const { status, stdout, stderr } = spawnSync('dcmp2pgm', args, { cwd: folder, encoding: 'utf8' });
  const text = `${stdout}${stderr}`;
  expect({ status, complaints: text.match(/^[EF]:.*/gm) }).toEqual({ status: 0, complaints: null });
  const gridOfPgm = (file: string) => {
    const pgm = readPgm(readFileSync(path.join(folder, file)));
    expect([pgm.width, pgm.height]).toEqual([80, 60]);
    return (i: number, j: number): number => pgm.grey[i + 80 * j];
  };
  return { text, grey: gridOfPgm('out.pgm'), overlay: () => gridOfPgm('ovl_0101.pgm') };
}

/**
 * DCMTK draws neither vectors nor overlays into the picture, as its manual says: a viewer on top of
 * it does. It reads both, though: -v lists what is drawn on the image that it was given, and writes
 * the bitmap of each overlay as a picture.
 */
describe('dcmp2pgm', () => {
  const text = 'Nodule 1, 93 %, ct-lungs 1.0.0, AI, not reviewed';
  const corners = '44.5\\16.5, 56.5\\16.5, 56.5\\24.5, 44.5\\24.5, 44.5\\16.5, ';

  testWith(
    'dcmp2pgm',
    'lists the marker and its words on a radiograph, and shows its pixels',
    () => {
      const { text: said, overlay } = rendered(picture, 0, true);
      expect(said).toContain(text);
      expect(said).toContain(`coordinates: ${corners}`);
      const at = overlay();
      const isEdge = (i: number, j: number) =>
        i >= 44 && i <= 56 && j >= 16 && j <= 24 && (i === 44 || i === 56 || j === 16 || j === 24);
      const wrong: string[] = [];
      for (let j = 0; j < 60; j++) {
        for (let i = 0; i < 80; i++) {
          if (at(i, j) !== (isEdge(i, j) ? 255 : 0)) wrong.push(`${i},${j}`);
        }
      }
      expect(wrong).toEqual([]);
    },
  );

  testWith('dcmp2pgm', 'shows MONOCHROME1 turned over, as it is without a state', () => {
    const [plain, stated] = [false, true].map(withState => rendered(inverted, 0, withState).grey);
    expect(stated(50, 20)).toBe(plain(50, 20));
    expect(stated(10, 10)).toBe(plain(10, 10));
    expect(stated(50, 20)).toBeLessThan(stated(10, 10));
  });

  testWith(
    'dcmp2pgm',
    "shows each slice of a series in the source's window with its marker",
    () => {
      for (const k of [2, 3, 4]) {
        const [plain, stated] = [false, true].map(withState => rendered(overSlices, k, withState));
        // 100 HU in a window of 400 around 40 (PS3.3 C.11.2.1.2.1).
        expect(stated.grey(50, 20)).toBeCloseTo(((100 - 39.5) / 399 + 0.5) * 255, -0.5);
        expect(stated.grey(10, 10)).toBe(0);
        expect(stated.grey(50, 20)).toBe(plain.grey(50, 20));
        expect(stated.text.split('coordinates:')).toHaveLength(2);
        expect(stated.text).toContain(`coordinates: ${corners}`);
        expect(stated.text).toContain(text);
        // Where the marker is, there is what was found: bright inside of it, dark outside.
        expect([45, 55].map(i => stated.grey(i, 20) > 100)).toEqual([true, true]);
        expect([43, 57].map(i => stated.grey(i, 20) > 100)).toEqual([false, false]);
      }
    },
  );
});

describe('markers on a real series', () => {
  const series = 'chest_ct_nlst';
  const real = needs({ tool: 'dciodvfy', data: `dicom/${series}` });
  real.it(`dciodvfy: clean: ${series}`, () => {
    const { source, metadata } = realSeries(series, 20);
    const run = { ...withDetection(source.slices, [100, 120, 8], [12, 8, 3]), source };
    const file = savedAs(temporaryFolder(), 'pr.dcm', written({ run, metadata, patient: '' }));
    expect(dciodvfy(file).errors).toEqual([]);
  });
});
