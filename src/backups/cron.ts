/**
 * Cron expressions as CronJobs of Kubernetes take them. https://pkg.go.dev/github.com/robfig/cron/v3#hdr-CRON_Expression_Format
 *
 * The npm libraries have other grammars (L, #, seconds) and find one date after the other by the clock's type; here it takes all times of a
 * calendar, and which of `*` and `?` go together is what the cluster's controller thinks.
 */

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
  const bothDays = [fields[2], fields[4]].some((field) => field.split(',').some((part) => /^[*?](\/1)?$/.test(part)));
  return { minutes, hours, days, months, weekdays, bothDays };
}

function values(field: string, bounds: Bounds): number[] | undefined {
  const parts = field.split(',').map((part) => valuesOf(part, bounds));
  return parts.every((part) => part !== undefined) ? [...new Set(parts.flat())].sort((a, b) => a - b) : undefined;
}

/** `*`, `5`, `1-5`, `mon-fri`, each with a step or without. */
function valuesOf(part: string, bounds: Bounds): number[] | undefined {
  const [, from, to, by] = /^([*?]|\w+)(?:-(\w+))?(?:\/([1-9]\d*))?$/.exec(part) ?? [];
  const every = from === '*' || from === '?';
  if (from === undefined || (every && to !== undefined)) return undefined;
  const first = every ? bounds.least : valueOf(from, bounds);
  // A single value with a step begins a range.
  const open = every || by !== undefined ? bounds.most : first;
  const last = to === undefined ? open : valueOf(to, bounds);
  if (first === undefined || last === undefined || first > last) return undefined;
  const step = Number(by ?? 1);
  return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, index) => first + index * step);
}

function valueOf(text: string, { least, most, names = [] }: Bounds): number | undefined {
  const named = names.indexOf(text.toLowerCase());
  const value = named < 0 ? Number(/^\d+$/.exec(text)?.[0] ?? NaN) : least + named;
  return value >= least && value <= most ? value : undefined;
}

interface Day {
  readonly month: number;
  readonly day: number;
  readonly weekday: number;
}

/** 2001 to 2008: with two leap days, so that each day that a calendar can ask for comes at least twice. The first was a Monday. */
const EIGHT_YEARS: readonly Day[] = [2001, 2002, 2003, 2004, 2005, 2006, 2007, 2008]
  .flatMap((year) => [31, year % 4 === 0 ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    .flatMap((days, month) => Array.from({ length: days }, (_, day) => ({ month: month + 1, day: day + 1 }))))
  .map((date, index) => ({ ...date, weekday: (index + 1) % 7 }));

/** Not on the 30th of February. */
export function comesEver(cron: Cron): boolean {
  return EIGHT_YEARS.some((day) => comesOn(cron, day));
}

/** Minutes from one time at which any of these comes to the next, at the most. All are of one time zone. */
export function longestGap(crons: readonly Cron[]): number {
  const timesOf = new Map<string, readonly number[]>();
  let longest = 0;
  let last: number | undefined;
  EIGHT_YEARS.forEach((day, index) => {
    const today = crons.filter((cron) => comesOn(cron, day));
    const key = today.map((cron) => crons.indexOf(cron)).join();
    const times = timesOf.get(key) ?? today.flatMap(timesOfDay).sort((a, b) => a - b);
    timesOf.set(key, times);
    for (const time of times) {
      const moment = index * 24 * 60 + time;
      longest = Math.max(longest, moment - (last ?? moment));
      last = moment;
    }
  });
  return longest;
}

function timesOfDay({ hours, minutes }: Cron): number[] {
  return hours.flatMap((hour) => minutes.map((minute) => hour * 60 + minute));
}

function comesOn({ days, months, weekdays, bothDays }: Cron, { month, day, weekday }: Day): boolean {
  const byDay = days.includes(day);
  const byWeekday = weekdays.includes(weekday);
  return months.includes(month) && (bothDays ? byDay && byWeekday : byDay || byWeekday);
}
