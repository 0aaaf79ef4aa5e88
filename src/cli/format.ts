/** Figures and tables for people. Pure. */
import Table from 'cli-table3';

const NO_BORDERS = Object.fromEntries([
  'top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right', 'left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid',
].map((part) => [part, '']));

/** As kubectl writes them; nothing known is a dash. */
export function table(head: readonly string[], rows: readonly (readonly (string | number | null)[])[]): string {
  const lines = new Table({ head: [...head], chars: { ...NO_BORDERS, middle: '  ' }, style: { 'padding-left': 0, 'padding-right': 0, 'head': [], 'border': [], 'compact': true } });
  for (const row of rows) lines.push(row.map((cell) => (cell === null || cell === '' ? '-' : String(cell))));
  return lines.toString().split('\n').map((line) => line.trimEnd()).join('\n');
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

export function bytes(count: number): string {
  const power = count < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(count) / 10));
  const value = count / 1024 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[power]!}`;
}

/** The two largest units of a time: `42s`, `3m5s`, `2h10m`, `4d3h`. */
export function age(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const parts: [number, string][] = [[Math.floor(whole / 86_400), 'd'], [Math.floor(whole / 3600) % 24, 'h'], [Math.floor(whole / 60) % 60, 'm'], [whole % 60, 's']];
  const first = parts.findIndex(([count]) => count > 0);
  return first < 0 ? '0s' : parts.slice(first, first + 2).filter(([count]) => count > 0).map(([count, unit]) => `${count}${unit}`).join('');
}

export function since(moment: string, now: Date): string {
  return `${age((now.getTime() - Date.parse(moment)) / 1000)} ago`;
}
