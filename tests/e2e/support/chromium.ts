/** Debian's Chromium by default; `SECOND_READER_CHROMIUM` names another. */
export const CHROMIUM_PATH = process.env.SECOND_READER_CHROMIUM ?? '/usr/bin/chromium';

const QUIET = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** WebGL and WebGPU in software: right answers on a machine without a GPU. */
const SOFTWARE_GRAPHICS = [
  '--use-gl=angle',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--ignore-gpu-blocklist',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan,WebGPU',
];
export const CHROMIUM_ARGS = [...QUIET, ...SOFTWARE_GRAPHICS];
