/** The part of cornerstone core and tools that we use, as 3.11.1–3.14.0-beta.6 ship it. */

export interface PreScale {
  enabled?: boolean;
  /** The pixel values are real-world values already. */
  scaled?: boolean;
  scalingParameters?: { modality?: string; suvbw?: number };
}

type PixelArray =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | Uint8ClampedArray;

export interface CornerstoneImage {
  imageId: string;
  rows: number;
  columns: number;
  preScale?: PreScale;
  /** Less than 8 (full resolution) while a progressive image is still arriving. */
  imageQualityStatus?: number;
  getPixelData(): PixelArray;
  voxelManager?: { getScalarData(): PixelArray };
}

export interface CornerstoneViewport {
  id: string;
  /** `stack`, `orthographic`, `volume3d`, … */
  type: string;
  render(): void;
  getImageIds?(): string[];
  setImageIdIndex?(index: number): Promise<string> | void;
  jumpToWorld?(point: [number, number, number]): unknown;
  element?: HTMLElement;
  /** Of a stack: the image that is shown. */
  getCurrentImageId?(): string | undefined;
  getCurrentImageIdIndex?(): number;
  getCamera?(): {
    focalPoint?: [number, number, number];
    viewPlaneNormal?: [number, number, number];
  };
  /** Of a volume: millimetres of the slab that is projected. */
  getSlabThickness?(): number;
  /** LPS millimetres to CSS pixels of the canvas. */
  worldToCanvas?(point: [number, number, number]): [number, number];
}

export interface Cornerstone {
  cache: {
    getImage(imageId: string): CornerstoneImage | undefined;
    removeImageLoadObject(imageId: string): void;
    getVolume(volumeId: string): unknown;
    removeVolumeLoadObject(volumeId: string): void;
  };
  imageLoader: {
    loadAndCacheImage(
      imageId: string,
      options?: { priority?: number; requestType?: string; ignoreCache?: boolean },
    ): Promise<CornerstoneImage>;
    createAndCacheDerivedLabelmapImage(
      referencedImageId: string,
      options?: { imageId?: string; instanceNumber?: number },
    ): CornerstoneImage;
  };
  metaData: { get(type: string, imageId: string): unknown };
}

type Rgba = [number, number, number, number];

export interface CornerstoneTools {
  segmentation: {
    config: {
      color: { addColorLUT(lut: Rgba[], index?: number): number };
      style: {
        setStyle(
          specifier: { type: string; segmentationId: string },
          style: { renderOutline?: boolean; renderOutlineInactive?: boolean },
        ): void;
      };
    };
  };
}
