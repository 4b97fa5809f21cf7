import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** What would tie a broker to the real world: its Env has all of these. Promises are deterministic. */
const worldly = [
  ...['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval'],
  ...['clearImmediate', 'Date', 'performance', 'AbortSignal', 'Atomics', 'process', 'navigator'],
  ...['crypto', 'fetch', 'WebSocket', 'EventSource', 'BroadcastChannel', 'MessageChannel'],
  ...['console', 'require', 'module', 'global', 'globalThis', 'WeakRef', 'FinalizationRegistry'],
];
const byEnv = 'A broker touches the world through its Env only.';

export default tseslint.config(
  {
    ignores: [
      ...['dist', '.build', '.tap', '.stryker-tmp', 'reports', 'results', 'node_modules'],
      '**/*.cjs',
    ],
  },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        project: ['./tsconfig.json', './src/report/page/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      // Figures in sentences are what this program prints.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // Typed arrays are read by index all over; a wrong `?? 0` would hide what `!` says plainly.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['src/targets/embedded/broker/**'],
    rules: {
      'no-restricted-globals': ['error', ...worldly.map((name) => ({ name, message: byEnv }))],
      'no-restricted-properties': ['error', { object: 'Math', property: 'random', message: byEnv }],
      'no-restricted-imports': [
        'error',
        { patterns: [{ regex: '^(?!\\.|@platformatic/kafka$)', message: byEnv }] },
      ],
      'no-restricted-syntax': ['error', { selector: 'ImportExpression', message: byEnv }],
    },
  },
  {
    files: ['**/*.js'],
    ...tseslint.configs.disableTypeChecked,
    languageOptions: {
      ...tseslint.configs.disableTypeChecked.languageOptions,
      globals: { process: 'readonly', console: 'readonly', URL: 'readonly' },
    },
  },
  {
    // tap's `t.test` returns a promise that tap itself waits for.
    files: ['test/**/*.ts'],
    rules: { '@typescript-eslint/no-floating-promises': 'off' },
  },
);
