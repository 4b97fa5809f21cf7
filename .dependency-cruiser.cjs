/** Who may import whom. One entry a folder: what it may import besides itself and packages. */
const may = {
  'src/model': [],
  'src/analysis': ['src/model'],
  'src/generator': ['src/model'],
  checkers: ['src/model', 'src/analysis'],
  workloads: ['src/model', 'src/generator'],
  'src/processes': ['src/model'],
  'src/kafka': ['src/model'],
  'src/network': ['src/model', 'src/processes'],
  'src/nemeses': ['src/model'],
  'src/targets': ['src/model', 'src/kafka', 'src/network', 'src/processes'],
  // It knows nothing of the machine it runs on.
  'src/targets/embedded/broker': ['src/model'],
  'src/history': ['src/model'],
  'src/runner': ['src/model', 'src/generator', 'src/history'],
  'src/report': ['src/model', 'src/history', 'src/analysis'],
  'src/calibration': ['src/model', 'src/analysis', 'src/history', 'src/processes', 'src/targets'],
  'src/cli': ['src/model', 'src/compose'],
  'src/scenarios': ['src/model', 'src/compose'],
};

/** Packages that belong to one folder. */
const onlyIn = {
  kafkajs: ['src/kafka'],
  '@platformatic/kafka': ['src/kafka', 'src/targets/embedded'],
  execa: ['src/processes'],
  'p-queue': ['src/runner'],
  commander: ['src/cli'],
  'd3-node': ['src/report'],
  'apache-arrow': ['src/history'],
  'hyparquet-writer': ['src/history'],
};

const start = (folder) => `^${folder}(/|\\.ts$)`;

module.exports = {
  forbidden: [
    ...Object.entries(may).map(([folder, targets]) => ({
      name: `${folder} imports only what it may`,
      severity: 'error',
      from: { path: start(folder) },
      to: {
        path: '^(src|checkers|workloads|test|bench)/',
        pathNot: [folder, ...targets].map(start).join('|'),
      },
    })),
    ...Object.entries(onlyIn).map(([name, folders]) => ({
      name: `${name} only in ${folders.join(', ')}`,
      severity: 'error',
      from: { pathNot: folders.map(start).join('|') },
      to: { path: `node_modules/${name}/` },
    })),
    {
      name: 'no cycles',
      severity: 'error',
      from: {},
      to: { circular: true, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'only what package.json lists',
      severity: 'error',
      from: { path: '^(src|checkers|workloads)/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        pathNot: 'esbuild|typescript',
      },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist' },
  },
};
