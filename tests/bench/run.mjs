#!/usr/bin/env node
/**
 * `npm run bench [-- --model <folder>]`: measures the inference path against the design's budgets, and
 * MeshNet against TensorFlow.js on one page (`--meshnet-size 256` for brainchop's whole volume: half an
 * hour of TensorFlow.js's WASM on two cores; `--meshnet-backend webgl` or `webgpu` where there is a GPU).
 * `--only segmentation` writes and reads segmentations against @cornerstonejs/adapters and dcmjs alone,
 * `--segments 1,10` those of so many segments.
 */
import { createRequire } from 'node:module';
import { register } from 'tsx/cjs/api';
import { register as registerModules } from 'tsx/esm/api';

register();
// For what is imported when it is needed.
registerModules();
const { main } = createRequire(import.meta.url)('./bench.ts');
await main(process.argv.slice(2));
