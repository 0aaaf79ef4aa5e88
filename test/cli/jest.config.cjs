/** Tests of the command line's pure parts; the verbs themselves are tested end to end, on a real cluster. */
module.exports = {
  rootDir: '../..',
  roots: ['<rootDir>/test/cli'],
  testMatch: ['**/*.test.ts'],
  // The command line imports as Node does, by the name of the compiled file.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } }],
  },
};
