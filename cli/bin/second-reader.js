#!/usr/bin/env node
'use strict';
// In git, unlike what it starts: npm links a command only if its file is there when it installs.
const { existsSync } = require('node:fs');
const path = require('node:path');

const built = path.join(__dirname, '..', 'dist', 'second-reader.js');
if (existsSync(built)) {
  require(built);
} else {
  console.error('second-reader is not built yet: run "npm run build" first.');
  process.exitCode = 1;
}
