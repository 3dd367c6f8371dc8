import { affineOf, applyAffine, inverseAffine } from '../geometry/affine';
import { indexToWorld } from '../geometry/transform';
import type { Vec3, VolumeGeometry } from '../geometry/types';
import { decisionOf } from '../postprocessing/decision';
import { createTemplateInverter } from '../postprocessing/invertTemplate';
import {
  registrationOf,
  resampleToTemplate,
  sampleLinear,
  templateGeometry,
  type TemplateGrid,
} from './template';

const patient: VolumeGeometry = {
  dimensions: [9, 7, 5],
  spacing: [2, 1.5, 3],
  origin: [-20, 5, 40],
  direction: [
    [0, 1, 0],
    [-1, 0, 0],
    [0, 0, 1],
  ],
};
const template: TemplateGrid = {
  dimensions: [5, 4, 3],
  pixdim: [2, 2, 2],
  origin: [-4, 3, -2],
  axcodes: 'LAS',
};
const close = (a: Vec3, b: Vec3) => a.forEach((x, axis) => expect(x).toBeCloseTo(b[axis], 9));
const end = ({ dimensions }: { dimensions: Vec3 }): Vec3 => [
  dimensions[0] - 1,
  dimensions[1] - 1,
  dimensions[2] - 1,
];
const identity = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
const columns = { vectors: 'columns', isReversed: false } as const;

describe('affine maps', () => {
  const map = affineOf(([x, y, z]) => [2 * x + y - 3, y - 0.5 * z, 4 * z + x + 7]);

  it('are turned round by their inverse', () => {
    const back = inverseAffine(map)!;
    for (const point of [
      [0, 0, 0],
      [1, -2, 3],
      [10, 20, -30],
    ] as Vec3[]) {
      close(applyAffine(back, applyAffine(map, point)), point);
    }
  });

  it('have none where space becomes a plane', () => {
    expect(inverseAffine(affineOf(([x, y]) => [x, y, x + y]))).toBeUndefined();
  });
});

describe('a registration', () => {
  it('lays the corners of the template on those of the network by the identity', () => {
    const space = templateGeometry(template);
    const map = registrationOf(identity, patient, template, columns);
    close(applyAffine(map, indexToWorld(space, [0, 0, 0])), indexToWorld(patient, [0, 0, 0]));
    close(
      applyAffine(map, indexToWorld(space, end(template))),
      indexToWorld(patient, end(patient)),
    );
    // The middle of one is the middle of the other.
    close(applyAffine(map, indexToWorld(space, [2, 1.5, 1])), indexToWorld(patient, [4, 3, 2]));
  });

  it('moves by half the network when a coordinate grows by 1, as rows or as columns', () => {
    const asColumns = [...identity];
    asColumns[3] = 1;
    const asRows = [...identity];
    asRows[12] = 1;
    const space = templateGeometry(template);
    const middle = indexToWorld(space, [2, 1.5, 1]);
    const shifted = indexToWorld(patient, [8, 3, 2]);
    close(applyAffine(registrationOf(asColumns, patient, template, columns), middle), shifted);
    const rows = { vectors: 'rows', isReversed: false } as const;
    close(applyAffine(registrationOf(asRows, patient, template, rows), middle), shifted);
    // With the tensor's axes the other way round the first coordinate is that of k.
    const reversed = { vectors: 'columns', isReversed: true } as const;
    close(
      applyAffine(registrationOf(asColumns, patient, template, reversed), middle),
      indexToWorld(patient, [4, 3, 4]),
    );
  });
});

describe('values between voxels', () => {
  const ramp = Float32Array.from({ length: 27 }, (_, at) => 1 + at);

  it('are linear inside and fall to 0 within a voxel outside', () => {
    const size: Vec3 = [3, 3, 3];
    expect(sampleLinear(ramp, size, [1, 1, 1])).toBe(14);
    expect(sampleLinear(ramp, size, [0.5, 1.25, 1])).toBeCloseTo(1 + 0.5 + 3 * 1.25 + 9, 6);
    expect(sampleLinear(ramp, size, [-0.25, 0, 0])).toBeCloseTo(0.75, 6);
    expect(sampleLinear(ramp, size, [2, 2, 2.5])).toBeCloseTo(13.5, 6);
    expect(sampleLinear(ramp, size, [-1.01, 0, 0])).toBe(0);
    expect(sampleLinear(ramp, size, [0, 3, 0])).toBe(0);
  });

  it('of the patient are those that the registration points to', () => {
    const size = patient.dimensions[0] * patient.dimensions[1] * patient.dimensions[2];
    // Linear along each axis of the patient's grid, so that interpolation is exact.
    const of = ([i, j, k]: Vec3) => 100 + 3 * i - 5 * j + 7 * k;
    const values = Float32Array.from({ length: size }, (_, at) =>
      of([at % 9, Math.floor(at / 9) % 7, Math.floor(at / 63)]),
    );
    const space = templateGeometry(template);
    const map = registrationOf(identity, patient, template, columns);
    const out = resampleToTemplate(values, 1, patient, space, map);
    for (let at = 0; at < out.length; at++) {
      const index = [at % 5, Math.floor(at / 5) % 4, Math.floor(at / 20)];
      // Corners on corners: (9 − 1) / (5 − 1) and so on voxels a voxel.
      expect(out[at]).toBeCloseTo(of([2 * index[0], 2 * index[1], 2 * index[2]]), 4);
    }
  });
});

it('brings a region back to where the registration took it from', () => {
  const space = templateGeometry({ ...template, dimensions: [17, 13, 9], pixdim: [1, 1, 1] });
  const grid: TemplateGrid = { ...template, dimensions: [17, 13, 9], pixdim: [1, 1, 1] };
  // Template voxels are half the patient's; −1 … 1 on −1 … 1.
  const map = registrationOf(identity, patient, grid, columns);
  const decision = decisionOf({
    encoding: 'scores',
    activation: 'sigmoid',
    classes: 1,
    labels: [{ value: 1 }],
  });
  const inverter = createTemplateInverter(space, patient, decision, map);
  const isSet = (i: number, j: number, k: number) =>
    i >= 4 && i <= 10 && j >= 2 && j <= 6 && k >= 4;
  for (let k = 0; k < 9; k++) {
    inverter.push(
      Float32Array.from({ length: 17 * 13 }, (_, at) =>
        isSet(at % 17, Math.floor(at / 17), k) ? 20 : -20,
      ),
    );
  }
  const { voxels, box } = inverter.finish();
  for (let at = 0; at < voxels.length; at++) {
    const [i, j, k] = [at % 9, Math.floor(at / 9) % 7, Math.floor(at / 63)];
    expect([i, j, k, voxels[at]]).toEqual([i, j, k, Number(isSet(2 * i, 2 * j, 2 * k))]);
  }
  expect(box).toEqual({ from: [2, 1, 2], to: [6, 4, 5] });
});
