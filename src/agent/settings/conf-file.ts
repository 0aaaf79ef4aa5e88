/**
 * Reads a file as PostgreSQL reads postgresql.conf (src/backend/utils/misc/guc-file.l), so that each setting is known with its line before
 * a server is given it. What stands in the file is never repeated in a message: it may come from a Secret.
 */
export interface Line {
  /** In lower case: PostgreSQL takes no notice of capitals. */
  readonly name: string;
  readonly value: string;
  /** From 1. */
  readonly line: number;
}

export interface Parsed {
  readonly settings: readonly Line[];
  /** By line: why it is none. */
  readonly faults: readonly { readonly line: number; readonly why: string }[];
}

const BLANK = /^[ \t\r]*(#.*)?$/s;
/** Name, an equals sign or none, value. A quoted value holds quotes doubled or after a backslash. */
const SETTING = /^[ \t\r]*([A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*(?:\.[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?)[ \t\r]*(?:=[ \t\r]*)?(?<=[=\s])(.*)$/s;
const QUOTED = /^'((?:[^'\\]|\\.|'')*)'[ \t\r]*(?:#.*)?$/s;
/** A word, a number with or without its unit. */
const BARE = /^([A-Za-z_\u0080-\uffff][-\w.:/\u0080-\uffff]*|[-+]?(?:0x[0-9a-fA-F]+|\d+)[A-Za-z]*|[-+]?\d*\.\d*(?:[Ee][-+]?\d+)?)[ \t\r]*(?:#.*)?$/s;
/** Directives, not settings. */
const INCLUDES = new Set(['include', 'include_dir', 'include_if_exists']);

export function parseConfFile(text: string): Parsed {
  const settings: Line[] = [];
  const faults: { line: number; why: string }[] = [];
  text.split('\n').forEach((written, index) => {
    const line = index + 1;
    if (BLANK.test(written)) return;
    const [, name, rest] = SETTING.exec(written) ?? [];
    const value = rest === undefined ? null : valueOf(rest);
    if (name === undefined || value === null) faults.push({ line, why: 'is no setting: write "name = value", with the value in single quotes unless it is one word or number' });
    else if (INCLUDES.has(name.toLowerCase())) faults.push({ line, why: 'includes another file: name that one as a source of its own' });
    else if (/[\n\r\0]/.test(value)) faults.push({ line, why: `gives ${name} a value of several lines` });
    else settings.push({ name: name.toLowerCase(), value, line });
  });
  return { settings, faults };
}

function valueOf(rest: string): string | null {
  const quoted = QUOTED.exec(rest)?.[1];
  return quoted === undefined ? BARE.exec(rest)?.[1] ?? null : unescaped(quoted);
}

const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

function unescaped(quoted: string): string {
  return quoted.replace(/''|\\([0-7]{1,3}|.)/g, (_, escape: string | undefined) => {
    if (escape === undefined) return "'";
    return /^[0-7]/.test(escape) ? String.fromCharCode(parseInt(escape, 8)) : ESCAPES[escape] ?? escape;
  });
}
