import tseslint from 'typescript-eslint';
import reactHooks from 'eslint-plugin-react-hooks';

const HOST = ['@ohif/*', '@cornerstonejs/*'];
const REACT = ['react', 'react-dom', 'react-dom/*', '@radix-ui/*'];
const RUNTIMES = ['onnxruntime-web', 'onnxruntime-web/*', 'onnxruntime-node'];
const layer = (...names) => names.flatMap(name => [`**/${name}`, `**/${name}/**`]);

/** One zone of the import direction core <- dicom, inference <- adapters <- services <- hooks <- panels. */
const zone = (files, forbidden, message) => ({
  files,
  rules: {
    'no-restricted-imports': ['error', { patterns: [{ group: forbidden, message }] }],
  },
});

const UI = ['hooks', 'panels', 'components', 'toolbar', 'stores'];

export default tseslint.config(
  {
    ignores: [
      '**/dist/**',
      '**/node_modules/**',
      '.second-reader/**',
      'test-results/**',
      'playwright-report/**',
    ],
  },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    plugins: { 'react-hooks': reactHooks },
    rules: {
      'react-hooks/rules-of-hooks': 'error',
      'react-hooks/exhaustive-deps': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_' },
      ],
      eqeqeq: 'error',
    },
  },
  {
    files: ['**/*.{js,cjs}'],
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
  zone(
    ['extension/src/core/**'],
    [
      ...HOST,
      ...REACT,
      ...RUNTIMES,
      'onnxruntime-common',
      'dcmjs',
      'idb',
      'i18next',
      ...layer('dicom', 'inference', 'adapters', 'services', 'locales', ...UI),
    ],
    'core is the domain: it imports nothing outside core (zod, for schemas, is the one exception).',
  ),
  zone(
    ['extension/src/dicom/**'],
    [
      ...HOST,
      ...REACT,
      ...RUNTIMES,
      'onnxruntime-common',
      'idb',
      ...layer('inference', 'adapters', 'services', ...UI),
    ],
    'dicom imports core and dcmjs: datasets in, datasets out.',
  ),
  {
    ...zone(
      ['extension/src/inference/**'],
      [
        ...HOST,
        ...REACT,
        ...RUNTIMES,
        'dcmjs',
        'idb',
        ...layer('dicom', 'adapters', 'services', ...UI),
      ],
      'inference imports core and onnxruntime-common; the runtime is loaded in worker/ or injected.',
    ),
    ignores: ['extension/src/inference/worker/**', '**/*.test.ts'],
  },
  zone(
    ['extension/src/adapters/**'],
    [...RUNTIMES, ...layer('services', ...UI)],
    'adapters sit behind ports that core declares; they know nothing of services or UI.',
  ),
  zone(
    ['extension/src/services/**'],
    [...REACT, ...layer(...UI)],
    'services are thin: no UI, no logic of their own.',
  ),
  zone(
    ['extension/src/{hooks,stores}/**'],
    [
      ...HOST,
      ...RUNTIMES,
      'dcmjs',
      ...layer('adapters', 'dicom', 'inference', 'panels', 'components', 'toolbar'),
    ],
    'hooks and stores read services; they do not reach past them.',
  ),
  zone(
    ['extension/src/{panels,components,toolbar}/**'],
    [...HOST, ...RUNTIMES, 'dcmjs', ...layer('adapters', 'dicom', 'inference')],
    'what people see changes state only through commands.',
  ),
  zone(
    ['mode/src/**'],
    [
      ...REACT,
      ...RUNTIMES,
      '@cornerstonejs/*',
      'dcmjs',
      '@second-reader/extension',
      '**/extension/**',
    ],
    'the mode knows the extension by string refs only.',
  ),
);
