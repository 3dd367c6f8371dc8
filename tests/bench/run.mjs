#!/usr/bin/env node
/** `npm run bench [-- --model <folder>]`: measures the inference path against the design's budgets. */
import { createRequire } from 'node:module';
import { register } from 'tsx/cjs/api';

register();
const { main } = createRequire(import.meta.url)('./bench.ts');
await main(process.argv.slice(2));
