/** What the person sees while it runs: one line per step, with its time since the program was started, on stderr. */

/** The program may go on in another process (target/local.ts), and time with it. */
const STARTED = 'CDK8S_POSTGRES_STARTED';
process.env[STARTED] ??= String(process.hrtime.bigint());
const started = BigInt(process.env[STARTED]);

export function say(text: string): void {
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  process.stderr.write(`[${seconds.toFixed(1).padStart(7)}s] ${text}\n`);
}
