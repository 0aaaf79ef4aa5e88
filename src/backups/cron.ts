/** Cron expressions as CronJobs of Kubernetes take them. https://pkg.go.dev/github.com/robfig/cron/v3#hdr-CRON_Expression_Format */

export interface Cron {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly days: readonly number[];
  readonly months: readonly number[];
  readonly weekdays: readonly number[];
  /** Whether day of month and day of week must both match; else one of the two is enough. */
  readonly bothDays: boolean;
}

const NICKNAMES: { readonly [name: string]: string } = {
  '@yearly': '0 0 1 1 *', '@annually': '0 0 1 1 *', '@monthly': '0 0 1 * *', '@weekly': '0 0 * * 0', '@daily': '0 0 * * *', '@midnight': '0 0 * * *', '@hourly': '0 * * * *',
};

interface Bounds {
  readonly least: number;
  readonly most: number;
  /** Of the values, from the least on. */
  readonly names?: readonly string[];
}

const MINUTE: Bounds = { least: 0, most: 59 };
const HOUR: Bounds = { least: 0, most: 23 };
const DAY: Bounds = { least: 1, most: 31 };
const MONTH: Bounds = { least: 1, most: 12, names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'] };
const WEEKDAY: Bounds = { least: 0, most: 6, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] };

/** Nothing where the expression is none. */
export function parseCron(expression: string): Cron | undefined {
  const fields = (NICKNAMES[expression] ?? expression).split(' ');
  if (fields.length !== 5) return undefined;
  const [minutes, hours, days, months, weekdays] = [MINUTE, HOUR, DAY, MONTH, WEEKDAY].map((bounds, index) => values(fields[index], bounds));
  if (!(minutes && hours && days && months && weekdays)) return undefined;
  return { minutes, hours, days, months, weekdays, bothDays: [fields[2], fields[4]].some((field) => field.split(',').some((part) => /^[*?](\/1)?$/.test(part))) };
}

function values(field: string, bounds: Bounds): number[] | undefined {
  const parts = field.split(',').map((part) => valuesOf(part, bounds));
  return parts.every((part) => part !== undefined) ? [...new Set(parts.flat())].sort((a, b) => a - b) : undefined;
}

/** `*`, `5`, `1-5`, `mon-fri`, each with a step or without. */
function valuesOf(part: string, bounds: Bounds): number[] | undefined {
  const [, from, to, by] = /^([*?]|\w+)(?:-(\w+))?(?:\/([1-9]\d*))?$/.exec(part) ?? [];
  if (from === undefined || (/^[*?]$/.test(from) && to !== undefined)) return undefined;
  const first = /^[*?]$/.test(from) ? bounds.least : valueOf(from, bounds);
  // A single value with a step begins a range.
  const last = to === undefined ? (/^[*?]$/.test(from) || by !== undefined ? bounds.most : first) : valueOf(to, bounds);
  if (first === undefined || last === undefined || first > last) return undefined;
  const step = Number(by ?? 1);
  return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, index) => first + index * step);
}

function valueOf(text: string, { least, most, names = [] }: Bounds): number | undefined {
  const named = names.indexOf(text.toLowerCase());
  const value = named < 0 ? Number(/^\d+$/.exec(text)?.[0] ?? NaN) : least + named;
  return value >= least && value <= most ? value : undefined;
}

/** Has two leap days, so that each day that a calendar can ask for comes at least twice. */
const EIGHT_YEARS = Array.from({ length: 8 * 365 + 2 }, (_, day) => new Date(Date.UTC(2001, 0, 1 + day)));

/** Not on the 30th of February. */
export function comesEver(cron: Cron): boolean {
  return EIGHT_YEARS.some((date) => comesOn(cron, date));
}

/** Minutes from one time at which any of these comes to the next, at the most. All are of one time zone. */
export function longestGap(crons: readonly Cron[]): number {
  const timesOf = new Map<string, readonly number[]>();
  let longest = 0;
  let last: number | undefined;
  EIGHT_YEARS.forEach((date, day) => {
    const today = crons.filter((cron) => comesOn(cron, date));
    const key = today.map((cron) => crons.indexOf(cron)).join();
    const times = timesOf.get(key) ?? today.flatMap(timesOfDay).sort((a, b) => a - b);
    timesOf.set(key, times);
    for (const time of times) {
      const moment = day * 24 * 60 + time;
      longest = Math.max(longest, moment - (last ?? moment));
      last = moment;
    }
  });
  return longest;
}

function timesOfDay({ hours, minutes }: Cron): number[] {
  return hours.flatMap((hour) => minutes.map((minute) => hour * 60 + minute));
}

function comesOn({ days, months, weekdays, bothDays }: Cron, date: Date): boolean {
  const day = days.includes(date.getUTCDate());
  const weekday = weekdays.includes(date.getUTCDay());
  return months.includes(date.getUTCMonth() + 1) && (bothDays ? day && weekday : day || weekday);
}
