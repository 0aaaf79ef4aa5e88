/**
 * PostgreSQL's own judgement of settings, before a server is given them: it reads a whole configuration, as it would at its start, and says what
 * it does not take. No server runs and no data is touched for that.
 */
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Setting, Settings } from './user-settings.js';
import { program, run } from '../postgres/run.js';
import type { PostgresPaths } from '../postgres/types.js';

const TAKES = 20_000;

/** `text`: the whole file. What is wrong with it, in words; empty when nothing is. */
export async function complaints(paths: PostgresPaths, text: string, settings: Settings): Promise<string[]> {
  const directory = await mkdtemp(join(tmpdir(), 'settings-'));
  try {
    const file = join(directory, 'postgresql.conf');
    await writeFile(file, text, { mode: 0o600 });
    // It says so when there is none, as if that were a fault.
    await writeFile(join(directory, 'postgresql.auto.conf'), '');
    const { code, stderr } = await run([program(paths, 'postgres'), '-D', directory, '-c', `config_file=${file}`, '-C', 'cluster_name'], { signal: AbortSignal.timeout(TAKES) });
    const said = code === 0 ? [] : inWords(stderr, settings);
    return [...said, ...await missingLibraries(paths, settings)];
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** `LOG:  invalid value for parameter "wal_level": "x"`, and the hint below it. */
function inWords(stderr: string, settings: Settings): string[] {
  const said: string[] = [];
  let about: Setting | undefined;
  for (const line of stderr.split('\n')) {
    const [, severity, text] = /(LOG|ERROR|FATAL|HINT|DETAIL):\s+(.*)$/.exec(line) ?? [];
    if (text === undefined || /^configuration file .* contains errors/.test(text)) continue;
    if (severity === 'HINT' || severity === 'DETAIL') {
      // It may quote a part of the value.
      if (about?.secret !== true) said.push(`${said.pop() ?? ''} (${text})`);
      continue;
    }
    about = settings[/parameter "([^"]+)"/.exec(text)?.[1]?.toLowerCase() ?? ''];
    said.push(attributed(text.replace(/ in file ".*" line \d+$/, ''), about));
  }
  return said.length > 0 ? said : ['PostgreSQL does not take the settings, and does not say why'];
}

function attributed(text: string, setting: Setting | undefined): string {
  if (setting === undefined) return text;
  return `${setting.from}: ${setting.secret && setting.value !== '' ? text.replaceAll(setting.value, '...') : text}`;
}

/**
 * What PostgreSQL loads at its start or for each connection, and loads only then: without the library there would be no server, or a server that
 * lets nobody in.
 */
async function missingLibraries(paths: PostgresPaths, settings: Settings): Promise<string[]> {
  const folder = await libraryFolder(paths);
  // Where it lies in this image is not known, and whoever searches elsewhere knows what he does.
  if (folder === null || settings.dynamic_library_path !== undefined) return [];
  const missing: string[] = [];
  for (const [name, beneath] of [['shared_preload_libraries', ''], ['session_preload_libraries', ''], ['local_preload_libraries', 'plugins']] as const) {
    const setting = settings[name];
    for (const library of namesIn(setting?.value ?? '')) {
      const path = library.includes('/') ? library.replace(/^\$libdir/, folder) : join(folder, beneath, library);
      if (await isThere(path) || await isThere(`${path}.so`)) continue;
      missing.push(`${setting!.from}: ${name} names ${setting!.secret ? 'a library' : `the library "${library}"`} that the image does not have`);
    }
  }
  return missing;
}

function namesIn(list: string): string[] {
  return list.split(',').map((name) => name.trim().replace(/^"(.*)"$/, '$1')).filter((name) => name !== '');
}

async function libraryFolder(paths: PostgresPaths): Promise<string | null> {
  const { code, stdout } = await run([program(paths, 'pg_config'), '--pkglibdir'], { signal: AbortSignal.timeout(TAKES) }).catch(() => ({ code: 1, stdout: '' }));
  const folder = stdout.trim();
  return code === 0 && await isThere(folder) ? folder : null;
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(() => true, () => false);
}
