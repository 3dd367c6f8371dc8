import jpeg from 'jpeg-js';
import { PNG } from 'pngjs';
import { accept, refuse, type Outcome } from '@second-reader/core/outcome';
import { typeMatches, type Acceptable } from '../http/accept';
import { pixelElement } from '../part10/frames';
import { transferSyntaxOf } from '../part10/transferSyntax';
import { littleEndianBytes, valueBytes } from '../part10/values';
import type { Archive } from '../store/archive';
import { metadataJson, type Instance } from '../store/catalog';
import { decodeFrame } from './decode';
import { framesOf, readFrame } from './frames';
import { paintFrame } from './paint';
import { fitInto } from './raster';
import { windowShape, type Window } from './voi';

export interface RenderRequest {
  frame: number;
  window?: Window;
  viewport?: { width: number; height: number };
  quality: number;
  type: 'image/jpeg' | 'image/png';
}

/** Rendering parameters (PS3.18 8.3.5). Refuses with `badQuery`, `notAcceptable`. */
export function parseRenderRequest(
  parameters: URLSearchParams,
  accepted: Acceptable[],
  frame: number,
): Outcome<RenderRequest> {
  const type = (['image/jpeg', 'image/png'] as const).find(offered =>
    accepted.some(({ type: asked }) => typeMatches(asked, offered)),
  );
  // The order of the header decides where it names one of them.
  const named = accepted.find(({ type: asked }) => asked === 'image/jpeg' || asked === 'image/png');
  if (!type) {
    return refuse('notAcceptable', 'A rendered image is image/jpeg or image/png.');
  }
  const request: RenderRequest = {
    frame,
    quality: 90,
    type: (named?.type as RenderRequest['type']) ?? type,
  };
  const window = parameters.get('window');
  if (window) {
    const [center, width, shape] = window.split(',');
    if (!(Number.isFinite(Number(center)) && Number(width) > 0)) {
      return refuse('badQuery', `window=${window} is not "centre,width[,function]".`, { window });
    }
    request.window = {
      center: Number(center),
      width: Number(width),
      shape: windowShape(shape?.toUpperCase().replace('-', '_')),
    };
  }
  const viewport = parameters.get('viewport');
  if (viewport) {
    const [width, height] = viewport.split(',').map(Number);
    if (!(width >= 1 && height >= 1)) {
      return refuse('badQuery', `viewport=${viewport} is not "width,height".`, { viewport });
    }
    request.viewport = { width, height };
  }
  const quality = parameters.get('quality');
  if (quality) {
    if (!(Number(quality) >= 1 && Number(quality) <= 100)) {
      return refuse('badQuery', `quality=${quality} is not a number from 1 to 100.`, { quality });
    }
    request.quality = Number(quality);
  }
  return accept(request);
}

const PALETTES = ['00281201', '00281202', '00281203'];

/** An image for people (PS3.18 10.4.1.1.3): rescale and window of the tags, or the window asked for. */
export async function renderFrame(
  archive: Archive,
  instance: Instance,
  request: RenderRequest,
): Promise<Outcome<{ type: string; bytes: Buffer }>> {
  const frames = await framesOf(archive, instance);
  if (!frames.ok) return frames;
  const stored = await readFrame(archive, instance, request.frame);
  if (!stored.ok) return stored;
  const syntax = transferSyntaxOf(instance.transferSyntaxUID);
  if (syntax.mediaType.startsWith('video/')) {
    return accept({ type: syntax.mediaType, bytes: stored.value });
  }
  let { pixels } = frames.value;
  let bytes = stored.value;
  if (syntax.encapsulated) {
    const decoded = await decodeFrame(stored.value, syntax.uid, pixels);
    if (!decoded.ok) return decoded;
    ({ bytes } = decoded.value);
    const { photometricInterpretation, planarConfiguration } = decoded.value;
    pixels = { ...pixels, photometricInterpretation, planarConfiguration };
  }
  const read = await archive.read(instance);
  if (!read.ok) return read;
  const palettes = new Map<string, Buffer>();
  for (const tag of PALETTES) {
    const element = read.value.dataSet.get(tag);
    if (element)
      palettes.set(tag, littleEndianBytes(read.value, 'OW', valueBytes(read.value, element)));
  }
  const painted = paintFrame(
    {
      bytes,
      pixels,
      metadata: metadataJson(instance),
      number: request.frame,
      float: pixelElement(read.value)?.tag !== '7FE00010',
    },
    palettes,
    request.window,
  );
  if (!painted.ok) return painted;
  const fitted = request.viewport
    ? fitInto(painted.value, request.viewport.width, request.viewport.height)
    : painted.value;
  const { width, height, data } = fitted;
  if (request.type === 'image/png') {
    const png = new PNG({ width, height });
    png.data = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    return accept({ type: 'image/png', bytes: PNG.sync.write(png, { colorType: 2 }) });
  }
  return accept({
    type: 'image/jpeg',
    bytes: jpeg.encode({ width, height, data }, request.quality).data,
  });
}
