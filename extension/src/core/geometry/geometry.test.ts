import { axisCodes, patientExtents, slicePlane } from './axes';
import { indexToWorld, voxelVolume, worldToIndex } from './transform';
import type { VolumeGeometry } from './types';

const axial: VolumeGeometry = {
  dimensions: [512, 256, 100],
  spacing: [0.7, 0.8, 2.5],
  origin: [-100, -80, 20],
  direction: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
};
const [c, s] = [Math.cos(0.5), Math.sin(0.5)];
/** Sagittal slices, turned about the left-right axis; k grows to the Right. */
const sagittal: VolumeGeometry = {
  ...axial,
  direction: [
    [0, c, -s],
    [0, -s, -c],
    [-1, 0, 0],
  ],
};

describe('geometry', () => {
  it('places voxels and finds them again', () => {
    expect(indexToWorld(axial, [10, 20, 4])).toEqual([-93, -64, 30]);
    const world = indexToWorld(sagittal, [10, 20.5, 4]);
    expect(worldToIndex(sagittal, world)).toEqual([10, 20.5, 4].map(x => expect.closeTo(x)));
    expect(voxelVolume(axial)).toBeCloseTo(1.4);
  });

  it('names axes and planes', () => {
    expect([axisCodes(axial), slicePlane(axial)]).toEqual(['LPS', 'axial']);
    expect([axisCodes(sagittal), slicePlane(sagittal)]).toEqual(['PIR', 'sagittal']);
    const coronal: VolumeGeometry = {
      ...axial,
      direction: [
        [1, 0, 0],
        [0, 0, -1],
        [0, 1, 0],
      ],
    };
    expect([axisCodes(coronal), slicePlane(coronal)]).toEqual(['LIP', 'coronal']);
  });

  it('measures what is covered, from edge to edge', () => {
    const extents = patientExtents(axial);
    expect(extents.leftRight).toBeCloseTo(512 * 0.7);
    expect(extents.anteriorPosterior).toBeCloseTo(256 * 0.8);
    expect(extents.inferiorSuperior).toBeCloseTo(250);
    expect(patientExtents(sagittal).leftRight).toBeCloseTo(250);
    expect(patientExtents(sagittal).inferiorSuperior).toBeCloseTo(358.4 * s + 204.8 * c);
  });
});
