import { CopyChoice } from '../../../src/agent/local/copy-choice.js';
import type { CopyMethod } from '../../../src/agent/postgres/clone.js';

const method = (name: string): CopyMethod => ({ name, copy: () => Promise.reject(new Error('not to be called')) });
const repo = method('repo');
const network = method('network');

test('a copy that never streamed is not made the same way again', () => {
  const choice = new CopyChoice();
  expect(choice.among([repo, network])).toEqual([repo, network]);
  choice.made(repo);
  expect(choice.among([repo, network])).toEqual([network]);
});

test('one that has streamed speaks for its method', () => {
  const choice = new CopyChoice();
  choice.made(repo);
  choice.streams();
  expect(choice.among([repo, network])).toEqual([repo, network]);
});

test('the last method is always left', () => {
  const choice = new CopyChoice();
  choice.made(network);
  expect(choice.among([repo, network])).toEqual([network]);
  expect(choice.among([network])).toEqual([network]);
});
