import { cdk8s, javascript, JsonFile } from 'projen';
import { keepBoundaries } from './projenrc/boundaries';

/** Where the compiled construct library lies; dist/manifests belongs to `cdk8s synth`, which wipes it. */
const LIB = 'dist/lib';
const CLI = 'dist/cli/cdk8s-postgres.cjs';

const project = new cdk8s.ConstructLibraryCdk8s({
  name: 'cdk8s-postgres',
  description: 'Highly available PostgreSQL as a cdk8s construct: plain YAML, no operator, no CRD.',
  author: 'The cdk8s-postgres authors',
  authorAddress: 'authors@cdk8s-postgres.example',
  authorOrganization: true,
  repositoryUrl: 'https://github.com/cdk8s-postgres/cdk8s-postgres.git',
  license: 'Apache-2.0',
  copyrightOwner: 'The cdk8s-postgres authors',
  stability: 'experimental',
  keywords: ['cdk8s', 'cdk', 'kubernetes', 'constructs', 'postgresql', 'postgres', 'high-availability', 'failover', 'gitops'],
  defaultReleaseBranch: 'main',
  packageManager: javascript.NodePackageManager.NPM,
  projenrcTs: true,
  github: false,
  release: false,
  depsUpgrade: false,

  cdk8sVersion: '2.70.106',
  constructsVersion: '10.8.1',
  jsiiVersion: '~6.0.0',
  typescriptVersion: '~6.0.0',
  minNodeVersion: '20.16.0',
  peerDeps: ['cdk8s-plus-28@^2.5.6'],
  // cdk8s-plus-33 stands for the newer versions that users' own constructs may be written with (test/synth/types.test.ts).
  devDeps: ['cdk8s-plus-33', 'cdk8s-cli', 'esbuild', '@swc/core@1.16.18', '@swc/jest', '@types/node@^20', 'fast-check@^4', 'yaml@^2'],

  libdir: LIB,
  artifactsDirectory: 'dist/pkg',
  entrypoint: `${LIB}/src/index.js`,
  entrypointTypes: `${LIB}/src/index.d.ts`,
  docgenFilePath: 'API.md',
  publishToPypi: { distName: 'cdk8s-postgres', module: 'cdk8s_postgres' },

  jest: true,
  jestOptions: {
    // projen's default rewrites snapshots while testing, so that a changed manifest could never fail.
    updateSnapshot: javascript.UpdateSnapshot.NEVER,
    junitReporting: false,
    jestConfig: {
      collectCoverage: false,
      // Suites with a set-up of their own, run by test/run.mjs.
      testPathIgnorePatterns: ['/node_modules/', '/src/', '/test/agent/', '/test/cli/', '/test/python/', '/test/model/', '/test/e2e/'],
      moduleNameMapper: { '^cdk8s-postgres$': '<rootDir>/src/index.ts' },
    },
  },
});

// imports/ (L1 constructs made by `cdk8s import`) compiles beside src/, so the output keeps both folders.
project.tsconfig?.file.addOverride('compilerOptions.rootDir', '.');
project.tsconfig?.addInclude('imports/**/*.ts');
// The agent is ESM with libraries that jsii refuses; it is a workspace of its own (docs/architecture.md).
project.tsconfig?.addExclude('src/agent/**');
// So is the command line.
project.tsconfig?.addExclude('src/cli/**');
// Examples are programs as users write them: they import the package by its name.
project.tsconfig?.addInclude('examples/**/*.ts');
project.eslint?.addLintPattern('examples');
keepBoundaries(project);
project.eslint?.addRules({
  // Several short properties on one line read better than one a line.
  '@stylistic/object-property-newline': 'off',
  '@stylistic/max-len': ['error', { code: 180, ignoreUrls: true, ignoreStrings: true, ignoreTemplateLiterals: true, ignoreComments: true, ignoreRegExpLiterals: true }],
  // A file is told from top to bottom; what is public comes first all the same.
  '@typescript-eslint/member-ordering': 'off',
  // WAL positions are 64-bit numbers made of two halves.
  'no-bitwise': 'off',
});
project.eslint?.addOverride({
  files: ['test/**', 'bench/**'],
  rules: { 'import/no-extraneous-dependencies': ['error', { packageDir: ['.', 'src/agent', 'src/cli'], devDependencies: true }] },
});
// The package is the library and the command line; the agent comes as an image.
project.npmignore?.exclude('/dist/*', '!/dist/lib/', '/dist/lib/examples/', '!/dist/cli/');
project.npmignore?.exclude('/.ci/', '/bench/', '/docs/', '/examples/', '/images/', '/cdk8s.yaml', '/tsconfig.boot.json');
project.package.addField('exports', {
  '.': { types: `./${LIB}/src/index.d.ts`, default: `./${LIB}/src/index.js` },
  './.jsii': './.jsii',
  './.warnings.jsii.js': './.warnings.jsii.js',
  './package.json': './package.json',
});
project.package.addField('workspaces', ['src/agent', 'src/cli']);
// The second name is the one that kubectl looks for: `kubectl postgres`.
project.package.addBin({ 'cdk8s-postgres': `./${CLI}`, 'kubectl-postgres': `./${CLI}` });
// It makes the Python package, so another version of it makes another one.
project.addDevDeps('jsii-pacmak@1.140.0');
// A release whose binaries have not all reached every registry makes `npm ci` fail, on any platform.
project.package.addField('overrides', { 'unrs-resolver': '1.12.2' });
project.package.addField('types', `${LIB}/src/index.d.ts`);
new JsonFile(project, 'src/agent/package.json', {
  marker: false,
  obj: {
    name: 'cdk8s-postgres-agent',
    version: '0.0.0',
    private: true,
    type: 'module',
    dependencies: {
      '@kubernetes/client-node': '2.0.1',
      '@peculiar/x509': '^2',
      'pg': '^8.23.1',
      'pino': '^10',
      'reflect-metadata': '^0.2',
      'zod': '^4',
    },
    devDependencies: { '@types/pg': '^8' },
  },
});

new JsonFile(project, 'src/cli/package.json', {
  marker: false,
  obj: {
    name: 'cdk8s-postgres-cli',
    version: '0.0.0',
    private: true,
    type: 'module',
    // Newer ones than these need a newer Node than the library does.
    dependencies: { '@kubernetes/client-node': '1.4.0', 'cli-table3': '^0.6.5', 'commander': '^14' },
    devDependencies: { '@types/ws': '^8' },
  },
});

project.postCompileTask.spawn(project.addTask('build:cli', {
  description: 'Bundles the command line into dist/cli',
  steps: [{ exec: 'tsc -p src/cli' }, { exec: 'node src/cli/build.mjs' }],
}));

project.addTask('build:agent', {
  description: 'Builds what the agent image is made of into dist/agent',
  steps: [{ exec: 'tsc -p src/agent' }, { exec: 'node src/agent/build.mjs', receiveArgs: true }],
});

project.addTask('import', { description: 'Makes imports/ anew from the kinds in imports/crds', exec: 'node projenrc/import.mjs', receiveArgs: true });

// Plain Node, because on a fresh clone there are no packages yet; each installs them itself.
project.testTask.reset('node test/run.mjs', { receiveArgs: true });
project.package.setScript('test', 'node test/run.mjs');
project.package.setScript('test:unit', 'node test/run.mjs unit');
project.package.setScript('test:e2e', 'node test/e2e/start.mjs e2e');
project.package.setScript('test:nemesis', 'node test/e2e/start.mjs nemesis');
project.package.setScript('demo', 'node test/e2e/start.mjs demo');
project.package.setScript('bench:failover', 'node test/e2e/start.mjs bench');

project.synth();
