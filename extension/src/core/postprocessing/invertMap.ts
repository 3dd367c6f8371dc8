import type { VolumeGeometry } from '../geometry/types';
import { IDENTITY } from '../preprocessing/intensity';
import type { Pass } from '../preprocessing/pass';
import { runPass } from '../preprocessing/resample';
import type { VoxelArray } from '../volume/types';
import { inverseAxes } from './inverseGrid';

/**
 * Brings a map of values back onto the source's grid, slice by slice: trilinear between the network's
 * voxel centres (MONAI's `Invertd` with linear interpolation), its outer values to the edge of its
 * grid, NaN more than half a network voxel outside it. A value that is not finite makes those that are
 * interpolated from it not finite.
 *
 * Nothing of the volume's size is allocated: the caller says where a slice goes.
 *
 * @param values on the network's grid, i fastest
 * @returns writes slice k of the source, j·columns + i, into `out`
 * @throws where the grids do not share their axes (`sharesAxes`)
 */
export function createMapInverter(
  values: VoxelArray,
  network: VolumeGeometry,
  source: VolumeGeometry,
): (k: number, out: Float32Array<ArrayBuffer>) => void {
  const [columns, rows] = source.dimensions;
  const axes = inverseAxes(source, network, 'bilinear');
  const [x, y, z] = axes;
  const isNowhere = axes.some(({ from, to }) => from === to);
  return (k, out) => {
    if (isNowhere || k < z.from || k >= z.to) {
      out.fill(NaN);
      return;
    }
    const passAxis = ({ networkAxis, first, step }: typeof x, count: number, start = 0) => ({
      sourceAxis: networkAxis,
      count,
      first: first + step * start,
      step,
    });
    const slice: Pass = {
      axes: [passAxis(x, columns), passAxis(y, rows), passAxis(z, 1, k)],
      geometry: source,
      mode: 'bilinear',
      paddingMode: 'border',
      isResampled: true,
      low: -Infinity,
      high: Infinity,
      intensity: IDENTITY,
    };
    runPass(values, network.dimensions, slice, out);
    out.fill(NaN, 0, y.from * columns);
    out.fill(NaN, y.to * columns, rows * columns);
    for (let row = y.from; row < y.to && (x.from > 0 || x.to < columns); row++) {
      out.fill(NaN, row * columns, row * columns + x.from);
      out.fill(NaN, row * columns + x.to, (row + 1) * columns);
    }
  };
}
