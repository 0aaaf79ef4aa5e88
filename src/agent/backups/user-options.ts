/**
 * What the user says of pgbackrest.conf in files of his own: how hard pgBackRest works, how it packs, how long it waits. Each value is checked as
 * pgBackRest would, because a command that refuses its configuration archives nothing. What is not listed here is said by the program: where
 * the repos are, who reaches them, what is kept, and that no log is ever dropped (I27).
 */
import type { BackupsSpec } from '../../contract/spec.js';
import { messageOf } from '../files.js';
import type { ConfigFile, ConfigFiles } from '../kube/config-files.js';
import type { ProblemBoard } from '../problems.js';

/** By section, then by option. */
export type UserOptions = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** The newest that are whole. */
export class UserOptionsKeeper {
  #good: UserOptions = {};

  constructor(private readonly files: ConfigFiles, private readonly problems: ProblemBoard) {}

  async read({ configuration = [], stanza, repos }: BackupsSpec): Promise<UserOptions> {
    try {
      this.#good = userOptions(await this.files.read(configuration), stanza, repos.length);
      this.problems.set('BackupSettings', null);
    } catch (error) {
      this.problems.set('BackupSettings', `the last good settings of pgBackRest stay in force: ${messageOf(error)}`);
    }
    return this.#good;
  }
}

/** Rejects with everything that is wrong. What a file says is not repeated: it may come from a Secret. */
export function userOptions(files: readonly ConfigFile[], stanza: string, repos: number): UserOptions {
  const sections: Record<string, Record<string, string>> = {};
  const faults: string[] = [];
  for (const { name: file, text } of files) {
    // Not begun, or null: one that is not taken.
    let section: string | null | undefined;
    text.split(/\r?\n/).map((line) => line.trim()).forEach((line, index) => {
      const fault = (why: string) => faults.push(`line ${index + 1} of ${file} ${why}`);
      if (line === '' || line.startsWith('#')) return;
      if (line.startsWith('[')) {
        section = sectionOf(line, stanza);
        if (section === null) fault(`begins a section that is none of [global] and [${stanza}], alone or with a command like [global:archive-push]`);
        return;
      }
      const [, option, value] = /^([^=\s]+)\s*=\s*(.+)$/.exec(line) ?? [];
      if (section === undefined) {
        fault('stands in no section: begin with [global]');
        section = null;
      }
      if (section === null) return;
      const why = option === undefined || value === undefined ? 'is no option: write "name=value"' : whyNot(option, value, repos);
      if (why !== null) fault(why);
      else sections[section] = { ...sections[section], [option!]: value! };
    });
  }
  faults.push(...levelsOutOfRange(sections));
  if (faults.length > 0) throw new Error(faults.join('; '));
  return sections;
}

const COMMANDS = new Set(['archive-get', 'archive-push', 'backup', 'check', 'expire']);

function sectionOf(line: string, stanza: string): string | null {
  const [, name, command] = /^\[([^:\]]+)(?::([^\]]+))?\]$/.exec(line) ?? [];
  const known = (name === 'global' || name === stanza) && (command === undefined || COMMANDS.has(command));
  return known ? line.slice(1, -1) : null;
}

type Check = (value: string) => string | null;

const oneOf = (...values: string[]): Check => (value) => (values.includes(value) ? null : `takes ${values.join(', ')}`);
const yesOrNo = oneOf('y', 'n');
const seconds = (most: number): Check => (value) => (/^\d+(\.\d+)?$/.test(value) && Number(value) >= 0.1 && Number(value) <= most ? null : `takes seconds from 0.1 to ${most}`);
const whole = (least: number, most: number): Check => (value) => (/^-?\d+$/.test(value) && Number(value) >= least && Number(value) <= most ? null : `takes a whole number from ${least} to ${most}`);
const UNITS: Readonly<Record<string, number>> = { '': 1, 'kib': 1024, 'mib': 1024 ** 2, 'gib': 1024 ** 3 };
const size = (least: string, most: string): Check => (value) => (bytes(value) >= bytes(least) && bytes(value) <= bytes(most) ? null : `takes a size from ${least} to ${most}`);

/** NaN where it is no size. */
function bytes(value: string): number {
  const [, number, unit] = /^(\d+)(|KiB|MiB|GiB)$/i.exec(value) ?? [];
  return number === undefined ? NaN : Number(number) * UNITS[unit!.toLowerCase()]!;
}

const BUFFERS = ['16KiB', '32KiB', '64KiB', '128KiB', '256KiB', '512KiB', '1MiB', '2MiB', '4MiB', '8MiB', '16MiB'];

const OPTIONS: Readonly<Record<string, Check>> = {
  'archive-timeout': seconds(86_400),
  'backup-standby': oneOf('y', 'n', 'prefer'),
  'buffer-size': oneOf(...BUFFERS),
  'checksum-page': yesOrNo,
  'compress-level': whole(-7, 22),
  'compress-type': oneOf('none', 'gz', 'lz4', 'zst', 'bz2'),
  'io-timeout': seconds(3_600),
  'process-max': whole(1, 999),
  'resume': yesOrNo,
  'start-fast': yesOrNo,
};

const REPO_OPTIONS: Readonly<Record<string, Check>> = {
  'bundle-limit': size('8KiB', '1024GiB'),
  'bundle-size': size('1MiB', '1024GiB'),
};

function whyNot(option: string, value: string, repos: number): string | null {
  const [, number, ofRepo] = /^repo(\d+)-(.+)$/.exec(option) ?? [];
  const check = ofRepo === undefined ? OPTIONS[option] : REPO_OPTIONS[ofRepo];
  if (check === undefined) {
    const own = [...Object.keys(OPTIONS), ...Object.keys(REPO_OPTIONS).map((name) => `repo1-${name}`)];
    return `sets ${option}, which is not yours to set here: say it by the props of "backups"; yours are ${own.join(', ')}`;
  }
  if (number !== undefined && (Number(number) < 1 || Number(number) > repos)) return `speaks of repo ${number}, which the cluster does not have`;
  const wants = check(value);
  return wants === null ? null : `gives ${option} a value that it does not take: it ${wants}`;
}

/** Each way of packing has levels of its own; ours is zst. */
const LEVELS: Readonly<Record<string, readonly [number, number]>> = { none: [-7, 22], gz: [-1, 9], bz2: [1, 9], lz4: [-5, 12], zst: [-7, 22] };

/** As pgBackRest finds them: the stanza's command, the stanza, the command, everything. */
function levelsOutOfRange(sections: UserOptions): string[] {
  const stanzas = Object.keys(sections).map((section) => section.split(':')[0]!).filter((name) => name !== 'global');
  const commands = [...Object.keys(sections).flatMap((section) => section.split(':')[1] ?? []), ''];
  const faults = new Set<string>();
  for (const command of commands) {
    const places = [...stanzas.flatMap((stanza) => [`${stanza}:${command}`, stanza]), `global:${command}`, 'global'];
    const effective = (option: string) => places.map((place) => sections[place]?.[option]).find((value) => value !== undefined);
    const type = effective('compress-type') ?? 'zst';
    const level = effective('compress-level');
    const [least, most] = LEVELS[type]!;
    if (level !== undefined && (Number(level) < least || Number(level) > most)) faults.add(`compress-level is out of range for compress-type ${type}, which takes ${least} to ${most}`);
  }
  return [...faults];
}
