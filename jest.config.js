const swc = [
  '@swc/jest',
  {
    jsc: {
      target: 'es2022',
      parser: { syntax: 'typescript', tsx: true },
      transform: { react: { runtime: 'automatic' } },
    },
    module: { type: 'commonjs' },
  },
];

/** Unit tests stand beside the code; integration tests are in tests/integration. */
module.exports = {
  testEnvironment: 'node',
  testMatch: [
    '<rootDir>/extension/src/**/*.test.ts',
    '<rootDir>/extension/src/**/*.test.tsx',
    '<rootDir>/mode/src/**/*.test.ts',
    '<rootDir>/cli/src/**/*.test.ts',
    '<rootDir>/tests/integration/**/*.test.ts',
  ],
  transform: { '\\.(ts|tsx)$': swc },
  moduleNameMapper: {
    '^@second-reader/(core|dicom|inference)/(.*)$': '<rootDir>/extension/src/$1/$2',
    // Its CommonJS build stands beside the ES module that its package.json names.
    '^marked$': '<rootDir>/node_modules/marked/lib/marked.umd.js',
    '\\.css$': '<rootDir>/tests/fixtures/emptyStylesheet.js',
  },
  testTimeout: 60000,
  // Each file runs in a context of its own, where looking up a global costs a hundred times what it
  // costs elsewhere: loops over millions of voxels that say `Math.min` ran ten times as long.
  sandboxInjectedGlobals: [
    ...['Math', 'Number', 'Object', 'Array', 'DataView'],
    ...['Int8Array', 'Uint8Array', 'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array'],
    ...['Float32Array', 'Float64Array'],
  ],
};
