import type { SliceHeader } from '../../core/volume/types';
import type { Dataset } from '../common/dataset';
import type { Marker } from './markers';
import type { PixelPoint } from './outline';

/** Pixels along a line that runs along rows or columns, as all lines of markers do. */
function draw(
  [[fromColumn, fromRow], [toColumn, toRow]]: readonly [PixelPoint, PixelPoint],
  { columns, rows }: Pick<SliceHeader, 'columns' | 'rows'>,
  set: (column: number, row: number) => void,
): void {
  const pixel = (at: number, limit: number) => Math.min(limit - 1, Math.max(0, Math.floor(at)));
  const [left, right] = [fromColumn, toColumn].map(at => pixel(at, columns)).sort((a, b) => a - b);
  const [top, bottom] = [fromRow, toRow].map(at => pixel(at, rows)).sort((a, b) => a - b);
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) set(column, row);
  }
}

/** The outlines of markers of one image as an Overlay Plane (PS3.3 C.9.2) on their layer. */
export function overlayOf(
  markers: readonly Marker[],
  { rows, columns }: Pick<SliceHeader, 'columns' | 'rows'>,
  layer: string,
): Dataset {
  const data = new Uint8Array(2 * Math.ceil((rows * columns) / 16));
  for (const line of markers.flatMap(({ lines }) => lines)) {
    for (let at = 1; at < line.length; at++) {
      draw([line[at - 1], line[at]], { rows, columns }, (column, row) => {
        const bit = column + columns * row;
        data[bit >>> 3] |= 1 << (bit & 7);
      });
    }
  }
  return {
    OverlayRows: rows,
    OverlayColumns: columns,
    OverlayDescription: 'Outlines of AI findings, not reviewed',
    OverlayType: 'G',
    OverlayOrigin: [1, 1],
    OverlayBitsAllocated: 1,
    OverlayBitPosition: 0,
    OverlayActivationLayer: layer,
    OverlayLabel: 'AI',
    OverlayData: data,
  };
}
