/** Tests of the agent against real PostgreSQL servers, a few at a time. */
require('./prepare.cjs').prepare();

module.exports = {
  rootDir: '../..',
  roots: ['<rootDir>/test/agent'],
  testMatch: ['**/*.test.ts'],
  // The agent imports as Node does, by the name of the compiled file.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } }],
  },
  cacheDirectory: `${require('node:os').tmpdir()}/cdk8s-postgres-jest-${process.getuid()}`,
  globalTeardown: '<rootDir>/test/agent/global-teardown.cjs',
  maxWorkers: 2,
  testTimeout: 60_000,
};
