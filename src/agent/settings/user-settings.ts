/** What the user says of PostgreSQL's settings, each with where he says it: files outrank our defaults, later files earlier ones, the program's `parameters` all of them. */
import { parseConfFile } from './conf-file.js';
import { MANAGED_PARAMETERS } from '../../contract/managed-parameters.js';
import type { ConfigFile } from '../kube/config-files.js';
import { NEVER_SET } from '../postgres/config.js';

export interface Setting {
  readonly value: string;
  /** In words. */
  readonly from: string;
  /** The value must not be repeated. */
  readonly secret: boolean;
}

/** By name, in lower case. */
export type Settings = Readonly<Record<string, Setting>>;

/** Rejects with everything that is wrong with them. */
export function settingsOfFiles(files: readonly ConfigFile[]): Settings {
  const settings: Record<string, Setting> = {};
  const faults: string[] = [];
  for (const { name: file, secret, text } of files) {
    const parsed = parseConfFile(text);
    faults.push(...parsed.faults.map(({ line, why }) => `line ${line} of ${file} ${why}`));
    for (const { name, value, line } of parsed.settings) {
      const from = `line ${line} of ${file}`;
      const why = refused(name, value);
      if (why !== null) faults.push(`${from}: ${name} ${why}`);
      settings[name] = { value, from, secret };
    }
  }
  if (faults.length > 0) throw new Error(faults.join('; '));
  return settings;
}

export function settingsOfProgram(parameters: Readonly<Record<string, string>>): Settings {
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name.toLowerCase(), { value, from: '"parameters" of the program', secret: false }]));
}

export function valuesOf(settings: Settings): Record<string, string> {
  return Object.fromEntries(Object.entries(settings).map(([name, { value }]) => [name, value]));
}

/** What the program is told at synth, said of a file. */
function refused(name: string, value: string): string | null {
  const reason = MANAGED_PARAMETERS[name];
  if (reason !== undefined) return `is not yours to set: ${reason}`;
  if (NEVER_SET.has(name)) return 'is not yours to set: the agent sets it';
  return name === 'wal_level' && value.toLowerCase() === 'minimal' ? 'is minimal, from which no replica can be fed' : null;
}
