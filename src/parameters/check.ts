import type { Construct } from 'constructs';
import { FIXED_17, SETTABLE_17 } from './known-17';
import { MANAGED_PARAMETERS } from '../contract';
import { refuse } from '../validation';

export type Parameters = { readonly [name: string]: string };

const lower = (names: readonly string[]) => new Set(names.map((name) => name.toLowerCase()));
/** By major version. Of versions that are not listed, any name is taken: the server itself says no. */
const KNOWN: { readonly [major: string]: { readonly settable: ReadonlySet<string>; readonly fixed: ReadonlySet<string> } } = {
  17: { settable: lower(SETTABLE_17), fixed: lower(FIXED_17) },
};

export function checkParameters(scope: Construct, major: string, parameters: Parameters): void {
  const spelled = new Map<string, string>();
  for (const [name, value] of Object.entries(parameters)) {
    const prop = `parameters.${name}`;
    const key = name.toLowerCase();
    checkName(scope, prop, major, key);
    const other = spelled.get(key);
    if (other !== undefined) refuse(scope, prop, `is also given as "${other}"`, 'give it once: PostgreSQL takes no notice of capitals');
    spelled.set(key, name);
    if (/[\n\r\0]/.test(value)) refuse(scope, prop, `has more than one line: ${JSON.stringify(value)}`, 'postgresql.conf has no values of several lines');
    if (key === 'wal_level' && value === 'minimal') refuse(scope, prop, 'is "minimal", from which no replica can be fed', 'use "replica" or "logical"');
  }
}

function checkName(scope: Construct, prop: string, major: string, name: string): void {
  const reason = MANAGED_PARAMETERS[name];
  if (reason !== undefined) refuse(scope, prop, `is not yours to set: ${reason}`, 'leave it out');
  // Extensions bring settings of their own, which always have a dot.
  if (/^[a-z_][a-z0-9_$]*(\.[a-z_][a-z0-9_$]*)+$/.test(name)) return;
  const known = KNOWN[major];
  if (known?.fixed.has(name)) refuse(scope, prop, 'can only be read: it tells how the server was built', 'leave it out');
  if (!(known?.settable.has(name) ?? /^[a-z_][a-z0-9_]*$/.test(name))) {
    refuse(scope, prop, `is no setting of PostgreSQL ${major}`, 'look for a slip of the pen; settings of extensions have a dot, like "auto_explain.log_min_duration"');
  }
}

/** PostgreSQL's own default, for clusters whose program says nothing. */
const DEFAULT_MAX_WAL_SIZE = '1GB';
const KIBIBYTES: { readonly [unit: string]: number } = { B: 1 / 1024, kB: 1, MB: 1024, GB: 1024 ** 2, TB: 1024 ** 3 };

/** How large the write-ahead log may grow between checkpoints, in kibibytes. A number alone counts megabytes. */
export function maxWalSize(scope: Construct, parameters: Parameters): { text: string; kibibytes: number } {
  const name = Object.keys(parameters).find((key) => key.toLowerCase() === 'max_wal_size');
  const text = name === undefined ? DEFAULT_MAX_WAL_SIZE : parameters[name];
  const match = /^\s*(\d+(?:\.\d+)?)\s*(B|kB|MB|GB|TB)?\s*$/.exec(text);
  if (!match) refuse(scope, `parameters.${name}`, `is "${text}", which is no size`, 'write it like "4GB": units are kB, MB, GB, TB');
  return { text, kibibytes: Number(match[1]) * KIBIBYTES[match[2] ?? 'MB'] };
}
