/** Tests of the command line: its pure parts, and the program against an API server that breaks off, refuses or says nothing. On a real cluster it is tested end to end. */
module.exports = {
  rootDir: '../..',
  roots: ['<rootDir>/test/cli'],
  testMatch: ['**/*.test.ts'],
  globalSetup: '<rootDir>/test/cli/build.cjs',
  testTimeout: 60_000,
  // The command line imports as Node does, by the name of the compiled file.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } }],
  },
};
