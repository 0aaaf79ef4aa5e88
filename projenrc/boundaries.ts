import type { typescript } from 'projen';

/**
 * The boundaries of docs/architecture.md, kept by the linter: constructs, agent and command line meet in the contract only, the contract needs nothing,
 * and what must be pure has no way out.
 */
export function keepBoundaries(project: typescript.TypeScriptProject): void {
  project.eslint?.addRules({
    'import/no-restricted-paths': ['error', {
      zones: [
        { target: ['./src/*.ts', './src/parameters', './src/backups', './src/metrics', './src/network'], from: ['./src/agent', './src/cli'], message: 'constructs know neither agent nor command line; what both need belongs to src/contract' },
        { target: './src/agent', from: './src', except: ['./agent', './contract'], message: 'the agent does not know constructs; what both need belongs to src/contract' },
        { target: './src/cli', from: './src', except: ['./cli', './contract'], message: 'the command line knows neither constructs nor the agent; what both need belongs to src/contract' },
        { target: './src/contract', from: './src', except: ['./contract'], message: 'the contract depends on nothing' },
        { target: './src/agent/core', from: './src/agent', except: ['./core'], message: 'decisions know neither I/O nor the program around them' },
      ],
    }],
  });
  // Same input, same bytes: synth reads no file, clock, environment or network. A hash is a function like any other.
  project.eslint?.addOverride({
    files: ['src/*.ts', 'src/parameters/**/*.ts', 'src/contract/**/*.ts', 'src/agent/core/**/*.ts'],
    rules: {
      'no-restricted-imports': ['error', { patterns: [{ group: ['node:*', '!node:crypto', 'fs', 'os', 'child_process', 'net', 'http', 'https'], message: 'no I/O here' }] }],
      'no-restricted-globals': ['error', 'process', 'Date', 'performance', 'fetch', 'setTimeout', 'setInterval', 'require'],
      'no-restricted-properties': ['error', { object: 'Math', property: 'random' }],
    },
  });
}
