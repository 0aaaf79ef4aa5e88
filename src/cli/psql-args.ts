/** What psql's arguments say of its standard input. Pure. */
import { parseArgs, type ParseArgsConfig } from 'node:util';

const text = (short: string) => ({ type: 'string', short, multiple: true }) as const;

/** Those that take a value, so that it is not read as an option; all others are switches. */
const OPTIONS = {
  'command': text('c'), 'file': text('f'), 'dbname': text('d'), 'field-separator': text('F'), 'host': text('h'), 'log-file': text('L'), 'output': text('o'),
  'port': text('p'), 'pset': text('P'), 'record-separator': text('R'), 'table-attr': text('T'), 'username': text('U'), 'variable': text('v'), 'set': { type: 'string', multiple: true },
} satisfies ParseArgsConfig['options'];

/** Commands come from there unless -c or -f brings them; then only COPY's data may. */
export function readsInput(args: readonly string[]): boolean {
  const { values } = parseArgs({ args: [...args], options: OPTIONS, strict: false, allowPositionals: true });
  const given = (value: readonly (string | boolean)[] = []) => value.map(String);
  const [commands, files] = [given(values.command), given(values.file)];
  if (commands.length + files.length === 0) return true;
  return commands.some((command) => /\bp?stdin\b/i.test(command)) || files.some((file) => file === '-' || file === '/dev/stdin');
}
