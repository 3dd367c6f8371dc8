import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { gunzipSync } from 'node:zlib';
import { uidsOf, writeSlice, type StudyIdentity } from './dicom';
import { createFrame } from './frame';
import { writeNifti } from './nifti';
import { DEFAULT_OPTIONS, randomOptions, type NoduleOptions, type PhantomOptions } from './options';
import { makePhantom, type Phantom } from './phantom';
import { createRandom } from './random';
import { sampleUids, STUDIES } from './sample';
import { createThorax } from './thorax';

const dcmjs = createRequire(__filename)('dcmjs') as {
  data: {
    DicomMessage: {
      readFile(bytes: ArrayBuffer): { dict: Record<string, unknown>; meta: unknown };
    };
    DicomMetaDictionary: { naturalizeDataset(dict: unknown): Record<string, unknown> };
  };
};

const NODULES: NoduleOptions[] = [
  { diameter: 6, hounsfield: 35, near: [-90, 40, 42], kind: 'pleural', lobulation: 0 },
  { diameter: 9, hounsfield: 40, near: [-59, -29, 20], kind: 'solitary', lobulation: 0.03 },
  { diameter: 14, hounsfield: 55, near: [75, 27, -50], kind: 'vascular', lobulation: 0.05 },
];
const COARSE: Partial<PhantomOptions> = { columns: 148, rows: 148, slices: 128, sliceSpacing: 2.5 };

const IDENTITY: StudyIdentity = {
  patientId: 'TEST',
  patientName: 'Test^Synthetic',
  birthDate: '19600501',
  sex: 'O',
  age: '063Y',
  studyDate: '20240311',
  studyTime: '101500',
  accessionNumber: 'A1',
  studyId: '1',
};

const hash = (p: Phantom) => createHash('sha256').update(p.volume.voxels).digest('hex');

let phantom: Phantom;
beforeAll(() => {
  phantom = makePhantom({ ...COARSE, nodules: NODULES });
});

/** Indices of the voxels with a label, their mean HU and their mean position in LPS mm. */
function describeLabel(p: Phantom, map: 'anatomy' | 'nodules', label: number) {
  const { geometry, voxels } = p.labels[map];
  const [columns, rows] = geometry.dimensions;
  let n = 0;
  let hu = 0;
  const centre = [0, 0, 0];
  voxels.forEach((value, at) => {
    if (value === label) {
      n++;
      hu += p.volume.voxels[at];
      centre[0] += at % columns;
      centre[1] += Math.floor(at / columns) % rows;
      centre[2] += Math.floor(at / (columns * rows));
    }
  });
  return {
    n,
    hu: hu / n,
    centre: centre.map((c, i) => geometry.origin[i] + (c / n) * geometry.spacing[i]),
  };
}

test('the same options give the same bytes, another seed others', () => {
  const small = { columns: 48, rows: 48, slices: 20, sliceSpacing: 16, vessels: 100 };
  const once = makePhantom({ ...small, seed: 3 });
  expect(hash(makePhantom({ ...small, seed: 3 }))).toBe(hash(once));
  expect(hash(makePhantom({ ...small, seed: 4 }))).not.toBe(hash(once));
});

test('lungs are where they should be, aerated and of plausible size', () => {
  const { leftLung, rightLung, airway } = phantom.truth;
  expect(rightLung.volumeMl).toBeGreaterThan(leftLung.volumeMl);
  expect(leftLung.volumeMl).toBeGreaterThan(1500);
  expect(rightLung.volumeMl).toBeLessThan(3000);
  expect(airway.volumeMl).toBeGreaterThan(25);
  const left = describeLabel(phantom, 'anatomy', 1);
  const right = describeLabel(phantom, 'anatomy', 2);
  expect(left.centre[0]).toBeGreaterThan(phantom.options.position[0] + 40);
  expect(right.centre[0]).toBeLessThan(phantom.options.position[0] - 40);
  expect(left.hu).toBeLessThan(-750);
  expect(right.hu).toBeLessThan(-750);
  expect(describeLabel(phantom, 'anatomy', 3).hu).toBeLessThan(-800);
});

test('volumes of labels and of partial voxels agree with the surface sampled at random', () => {
  const thorax = createThorax(phantom.options);
  const { geometry } = phantom.truth;
  const frame = createFrame(phantom.options);
  const random = createRandom(99, 'monte carlo');
  // Stratified: four points jittered in each cell of a lattice, over the grid's extent.
  const cells = [64, 64, 48];
  const extent = geometry.dimensions.map((n, i) => n * geometry.spacing[i]);
  const sums = { left: 0, right: 0 };
  for (let cz = 0; cz < cells[2]; cz++) {
    for (let cy = 0; cy < cells[1]; cy++) {
      for (let cx = 0; cx < cells[0]; cx++) {
        for (let n = 0; n < 4; n++) {
          const p = [cx, cy, cz].map(
            (c, i) =>
              geometry.origin[i] -
              geometry.spacing[i] / 2 +
              ((c + random.uniform()) / cells[i]) * extent[i],
          );
          const [x, y, z] = frame.toAnatomy([p[0], p[1], p[2]]);
          const inside =
            thorax.skin(x, y, z) < 0 && thorax.lung(x, y, z, thorax.breath.toReference(z)) < 0;
          sums[x > 2 ? 'left' : 'right'] += inside ? 1 : 0;
        }
      }
    }
  }
  const ml = (extent[0] * extent[1] * extent[2]) / (cells[0] * cells[1] * cells[2] * 4) / 1000;
  for (const [side, lung] of [
    ['left', phantom.truth.leftLung],
    ['right', phantom.truth.rightLung],
  ] as const) {
    expect(Math.abs(lung.volumeMl / (sums[side] * ml) - 1)).toBeLessThan(0.005);
    expect(Math.abs(lung.labelVolumeMl / lung.volumeMl - 1)).toBeLessThan(0.005);
  }
});

test('nodules have the volume, place, density and neighbours they were given', () => {
  expect(phantom.truth.nodules).toHaveLength(3);
  for (const nodule of phantom.truth.nodules) {
    expect(Math.abs(nodule.volumeMl / nodule.analyticVolumeMl - 1)).toBeLessThan(0.02);
    const seen = describeLabel(phantom, 'nodules', nodule.label);
    nodule.centre.forEach((c, i) => expect(Math.abs(seen.centre[i] - c)).toBeLessThan(1));
    expect(seen.hu).toBeGreaterThan(nodule.hounsfield - 450);
    const side = phantom.labels.anatomy.voxels;
    const expected = nodule.side === 'left' ? 1 : 2;
    phantom.labels.nodules.voxels.forEach((value, at) => {
      if (value === nodule.label && side[at] !== expected) {
        throw new Error(`nodule ${nodule.label} leaves its lung`);
      }
    });
  }
});

test('padding lies outside the reconstruction circle and nowhere else', () => {
  const p = makePhantom({
    columns: 64,
    rows: 64,
    slices: 4,
    sliceSpacing: 60,
    vessels: 50,
    padding: -2000,
  });
  expect(p.volume.voxels[0]).toBe(-2000);
  expect(p.volume.voxels[32 * 64 + 32]).toBeGreaterThan(-1025);
  const padded = p.volume.voxels.filter(hu => hu === -2000).length / p.volume.voxels.length;
  expect(padded).toBeCloseTo(1 - Math.PI / 4, 1);
});

test('a slice survives the round trip through DICOM', () => {
  const k = 70;
  const bytes = writeSlice(phantom, IDENTITY, k);
  const file = dcmjs.data.DicomMessage.readFile(bytes.slice().buffer);
  const dataset = dcmjs.data.DicomMetaDictionary.naturalizeDataset(file.dict);
  const { geometry, voxels } = phantom.volume;
  const [columns, rows, slices] = geometry.dimensions;
  expect(dataset).toMatchObject({
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
    Modality: 'CT',
    Rows: rows,
    Columns: columns,
    InstanceNumber: slices - k,
    RescaleIntercept: -1024,
    PatientIdentityRemoved: 'YES',
    StudyInstanceUID: uidsOf(IDENTITY).studyInstanceUID,
  });
  const position = dataset.ImagePositionPatient as number[];
  expect(position[0]).toBeCloseTo(geometry.origin[0], 3);
  expect(position[2]).toBeCloseTo(geometry.origin[2] + k * geometry.spacing[2], 3);
  const pixels = new Int16Array((dataset.PixelData as ArrayBuffer[])[0]);
  const plane = columns * rows;
  expect(pixels).toHaveLength(plane);
  for (let i = 0; i < plane; i++) {
    if (pixels[i] - 1024 !== voxels[k * plane + i]) {
      throw new Error(`pixel ${i} differs`);
    }
  }
});

test('UIDs are valid, distinct and the same every time', () => {
  const { prior, current } = sampleUids();
  const uids = [...Object.values(prior), ...Object.values(current)];
  expect(new Set(uids).size).toBe(6);
  for (const uid of uids) {
    expect(uid).toMatch(/^2\.25\.[1-9]\d{20,38}$/);
    expect(uid.length).toBeLessThanOrEqual(64);
  }
  expect(sampleUids()).toEqual({ prior, current });
});

test('in the sample patient exactly one nodule grows, by a doubling in 300 days', () => {
  const [before, after] = [STUDIES.prior.options.nodules, STUDIES.current.options.nodules];
  const grown = before.flatMap((n, i) => (n.diameter === after[i].diameter ? [] : [i]));
  expect(grown).toEqual([1]);
  expect((after[1].diameter / before[1].diameter) ** 3).toBeCloseTo(2 ** (365 / 300), 9);
  // All lie inside the lung at both breath-holds, clear of its surface.
  for (const { options } of [STUDIES.prior, STUDIES.current]) {
    const thorax = createThorax(options);
    for (const nodule of options.nodules) {
      const [x, y, zi] = nodule.near;
      const depth = -thorax.lung(x, y, thorax.breath.fromReference(zi), zi);
      expect(depth).toBeGreaterThan((nodule.diameter / 2) * 0.95);
    }
  }
});

test('frames and breath-holds invert', () => {
  const options = { ...DEFAULT_OPTIONS, ...randomOptions(7) };
  const frame = createFrame(options);
  const back = frame.toAnatomy(frame.toScanner([12, -34, 56]));
  [12, -34, 56].forEach((value, i) => expect(back[i]).toBeCloseTo(value, 9));
  const { breath } = createThorax({ ...DEFAULT_OPTIONS, inspiration: 12 });
  for (let z = -180; z < 100; z += 7) {
    expect(breath.fromReference(breath.toReference(z))).toBeCloseTo(z, 1);
  }
});

test('NIfTI says in RAS what the grid says in LPS', () => {
  const { geometry, voxels } = phantom.volume;
  const bytes = gunzipSync(writeNifti(geometry, voxels));
  expect(bytes.length).toBe(352 + voxels.byteLength);
  const row = (r: number) => [0, 1, 2, 3].map(c => bytes.readFloatLE(280 + 16 * r + 4 * c));
  expect(row(0)[0]).toBeCloseTo(-geometry.spacing[0], 5);
  expect(row(1)[1]).toBeCloseTo(-geometry.spacing[1], 5);
  expect(row(2)[2]).toBeCloseTo(geometry.spacing[2], 5);
  expect(row(0)[3]).toBeCloseTo(-geometry.origin[0], 3);
  expect(row(2)[3]).toBeCloseTo(geometry.origin[2], 3);
  expect(bytes.readInt16LE(352 + 2 * 1234)).toBe(voxels[1234]);
});
