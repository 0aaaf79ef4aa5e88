/** One line of a pod's log, for people. Pure. */

export interface LogLine {
  /** RFC 3339, as the container runtime stamped it: sorts as text within a second of equal length, and so is normalized. */
  readonly time: string;
  readonly text: string;
}

/** The API server's `timestamps=true` puts the time and a blank before each line. */
export function splitTime(line: string): LogLine {
  const blank = line.indexOf(' ');
  return { time: normalized(line.slice(0, blank)), text: line.slice(blank + 1) };
}

/** Nine digits of a second, so that times compare as text. */
function normalized(time: string): string {
  const [whole = '', fraction = ''] = time.replace('Z', '').split('.');
  return `${whole}.${fraction.padEnd(9, '0')}Z`;
}

/** Already told in columns. */
const TOLD = new Set(['level', 'time', 'instance', 'pod', 'msg', 'source']);
/** PostgreSQL's log_line_prefix begins with the time too. */
const POSTGRES_TIME = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ \S+ /;

/** `11-21 14:50:10.209  orders-1-0  info   message  key=value`. */
export function shorten(who: string, { time, text }: LogLine): string {
  const when = time.slice(5, 23).replace('T', ' ');
  const entry = parsed(text);
  if (entry === null) return `${when}  ${who}         ${text}`;
  const message = typeof entry.msg === 'string' ? entry.msg : '';
  const told = entry.source === 'postgres' ? `postgres: ${message.replace(POSTGRES_TIME, '')}` : message;
  const details = Object.entries(entry).filter(([key]) => !TOLD.has(key)).map(([key, value]) => `${key}=${plain(value)}`);
  return [when, who, String(entry.level ?? '').padEnd(5), told, ...details].join('  ');
}

function parsed(text: string): Record<string, unknown> | null {
  if (!text.startsWith('{')) return null;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return null;
  }
}

function plain(value: unknown): string {
  if (typeof value === 'object' && value !== null && 'message' in value) return JSON.stringify(value.message);
  return typeof value === 'string' && !/\s/.test(value) ? value : JSON.stringify(value);
}
