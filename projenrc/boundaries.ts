import type { typescript } from 'projen';

const CONSTRUCTS = ['src/*.ts', 'src/parameters', 'src/backups', 'src/metrics', 'src/network'];
const IMPURE = ['Date', 'performance', 'fetch', 'setTimeout', 'setInterval', 'require'];

/**
 * The boundaries of docs/architecture.md, kept by the linter: constructs, agent and command line meet in the contract only, the contract needs nothing,
 * and what must be pure has no way out.
 */
export function keepBoundaries(project: typescript.TypeScriptProject): void {
  project.eslint?.addRules({
    'import/no-restricted-paths': ['error', {
      zones: [
        { target: CONSTRUCTS.map((place) => `./${place}`), from: ['./src/agent', './src/cli'], message: 'constructs know neither agent nor command line; what both need belongs to src/contract' },
        { target: './src/agent', from: './src', except: ['./agent', './contract'], message: 'the agent does not know constructs; what both need belongs to src/contract' },
        { target: './src/cli', from: './src', except: ['./cli', './contract'], message: 'the command line knows neither constructs nor the agent; what both need belongs to src/contract' },
        { target: './src/contract', from: './src', except: ['./contract'], message: 'the contract depends on nothing' },
        { target: './src/agent/core', from: './src/agent', except: ['./core'], message: 'decisions know neither I/O nor the program around them' },
      ],
    }],
  });
  // Same input, same bytes: synth reads no file, clock, environment or network. A hash is a function like any other.
  project.eslint?.addOverride({
    files: [...CONSTRUCTS.flatMap((place) => place.endsWith('.ts') ? [place] : [`${place}/**/*.ts`]), 'src/contract/**/*.ts', 'src/agent/core/**/*.ts'],
    rules: {
      'no-restricted-imports': ['error', { patterns: [{ group: ['node:*', '!node:crypto', 'fs', 'os', 'child_process', 'net', 'http', 'https'], message: 'no I/O here' }] }],
      'no-restricted-globals': ['error', ...IMPURE, 'process'],
      'no-restricted-properties': ['error', { object: 'Math', property: 'random' }],
    },
  });
  // The RELATED_IMAGE_* variables are input of a program, and read in this one place.
  project.eslint?.addOverride({ files: ['src/images.ts'], rules: { 'no-restricted-globals': ['error', ...IMPURE] } });
}
