export { createOverlayDisplay } from './overlayDisplay';
export { createVolumeSource } from './volumeSource';
