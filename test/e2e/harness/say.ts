/** What the person sees while it runs: one line per step, with its time, on stderr. */
const started = process.hrtime.bigint();

export function say(text: string): void {
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  process.stderr.write(`[${seconds.toFixed(1).padStart(7)}s] ${text}\n`);
}
