/**
 * Can these tests fail? One guard of the agent is taken away at a time, and the exhaustive test, the LeaseKeeper's promises or the simulation must notice.
 *
 * The mutated source is compiled in memory and put in the place of its module; everything else is the real thing.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { transformSync } from '@swc/core';
import { MUTATIONS, type Mutation } from './mutations';

const ROOT = join(__dirname, '../..');

/** The exports of a module after the mutation. */
function mutated({ file, replace, by }: Mutation): unknown {
  const path = join(ROOT, file);
  const source = readFileSync(path, 'utf8');
  if (source.split(replace).length !== 2) throw new Error(`${file} has not exactly one "${replace}": the guard has changed, change its mutation too`);
  const { code } = transformSync(source.replace(replace, () => by), {
    filename: path, jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' },
  });
  const module = { exports: {} };
  const load = (id: string): unknown => jest.requireActual(id.startsWith('.') ? join(dirname(path), id.replace(/\.js$/, '')) : id);
  new Function('module', 'exports', 'require', code)(module, module.exports, load);
  return module.exports;
}

/** What was noticed first, and after how many runs; null when nothing was. */
async function noticed(mutation: Mutation): Promise<{ what: string; runs: number } | null> {
  jest.resetModules();
  jest.doMock(join(ROOT, mutation.file.replace(/\.ts$/, '')), () => mutated(mutation));
  try {
    if (mutation.noticedBy === 'decide') {
      const { decide } = await import('../../src/agent/core/decide');
      const { check } = await import('./promises');
      const { snapshots } = await import('./classes');
      const { promises } = check(decide, snapshots(), true);
      const found = [...promises].find(([, { broken }]) => broken !== null);
      return found === undefined ? null : { what: found[0], runs: 1 };
    }
    if (mutation.noticedBy === 'keeper') {
      const { brokenByKeeper } = await import('./keeper-promises');
      const { LeaseKeeper } = await import('../../src/agent/lease-keeper');
      const [what] = await brokenByKeeper(LeaseKeeper);
      return what === undefined ? null : { what, runs: 1 };
    }
    const { simulate } = await import('./simulation/run');
    const { scenario, within } = mutation.noticedBy;
    for (let seed = 1; seed <= within; seed++) {
      const { violations } = await simulate(scenario, seed);
      if (violations.length > 0) return { what: violations[0]!, runs: seed };
    }
    return null;
  } finally {
    jest.dontMock(join(ROOT, mutation.file.replace(/\.ts$/, '')));
  }
}

test.each(MUTATIONS)('it is noticed when $broken', async (mutation) => {
  const found = await noticed(mutation);
  if (process.env.SIM_SHOW !== undefined) process.stdout.write(`${mutation.broken}: ${found === null ? 'not noticed' : `after ${found.runs}: ${found.what}`}\n`);
  expect(found).not.toBeNull();
}, 600_000);
