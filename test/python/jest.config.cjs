/** The package for Python, as a program in Python finds it. */
module.exports = {
  rootDir: '../..',
  roots: ['<rootDir>/test/python'],
  testMatch: ['**/*.test.ts'],
  transform: {
    '^.+\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } }],
  },
};
