import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

test('imports/ is what `npx projen import` makes of the kinds in imports/crds', () => {
  const anew = mkdtempSync(join(tmpdir(), 'imports-'));
  const { status, stderr } = spawnSync(process.execPath, ['projenrc/import.mjs', anew], { encoding: 'utf8' });
  expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
  const files = readdirSync(anew).sort();
  expect(files).toEqual(readdirSync('imports').filter((name) => name.endsWith('.ts')).sort());
  for (const file of files) expect(readFileSync(join('imports', file), 'utf8')).toBe(readFileSync(join(anew, file), 'utf8'));
}, 60_000);
