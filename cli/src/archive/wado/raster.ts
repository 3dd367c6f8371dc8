/** 8-bit RGBA, row by row. */
export interface Raster {
  width: number;
  height: number;
  data: Uint8Array;
}

/** Fits a raster into a box, keeping its shape; averages the pixels that fall on one. */
export function fitInto(raster: Raster, maximumWidth: number, maximumHeight: number): Raster {
  const scale = Math.min(maximumWidth / raster.width, maximumHeight / raster.height, 1);
  if (scale >= 1) {
    return raster;
  }
  const width = Math.max(1, Math.round(raster.width * scale));
  const height = Math.max(1, Math.round(raster.height * scale));
  const data = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    const y0 = Math.floor((y * raster.height) / height);
    const y1 = Math.max(y0 + 1, Math.floor(((y + 1) * raster.height) / height));
    for (let x = 0; x < width; x++) {
      const x0 = Math.floor((x * raster.width) / width);
      const x1 = Math.max(x0 + 1, Math.floor(((x + 1) * raster.width) / width));
      const sum = [0, 0, 0];
      for (let sy = y0; sy < y1; sy++) {
        for (let sx = x0; sx < x1; sx++) {
          const at = (sy * raster.width + sx) * 4;
          for (let c = 0; c < 3; c++) sum[c] += raster.data[at + c];
        }
      }
      const count = (y1 - y0) * (x1 - x0);
      const to = (y * width + x) * 4;
      for (let c = 0; c < 3; c++) data[to + c] = Math.round(sum[c] / count);
      data[to + 3] = 255;
    }
  }
  return { width, height, data };
}
