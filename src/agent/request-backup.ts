/**
 * The program of a schedule's pod: asks the agents for a backup, one after the other until one makes it, prints its progress, and ends as it ends.
 *
 *   agent.cjs request-backup --type full --repo 1 --host orders-repo [--host ...]
 */
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { WorkMessage } from './api/long-answer.js';
import { messageOf } from './files.js';
import { CERTIFICATES_DIR } from '../contract/paths.js';
import { API_PORT, API_ROUTES } from '../contract/ports.js';
import { CERTIFICATE_KEYS } from '../contract/secrets.js';

/** A failover, or a pod that is being replaced, is waited for. */
const KEEPS_ASKING_MS = 120_000;
const BETWEEN_ROUNDS_MS = 2_000;
/** Of the answer, which has a heartbeat. */
const SILENCE_MS = 60_000;

/** The exit code. */
export async function requestBackup(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { type: { type: 'string' }, repo: { type: 'string' }, host: { type: 'string', multiple: true } },
  });
  const { type, repo, host: hosts = [] } = values;
  if (type === undefined || repo === undefined || hosts.length === 0) {
    console.error('request-backup: use `request-backup --type full|diff|incr --repo 1 --host HOST...`');
    return 64;
  }
  const path = `${API_ROUTES.backup}?${new URLSearchParams({ type, repo }).toString()}`;
  const end = performance.now() + KEEPS_ASKING_MS;
  for (;;) {
    const refusals: string[] = [];
    for (const host of hosts) {
      const answer = await ask(host, path).catch((error: unknown) => messageOf(error));
      if (typeof answer !== 'string') return answer.code;
      refusals.push(`${host}: ${answer}`);
    }
    if (performance.now() > end) {
      console.error(`nobody makes the backup: ${refusals.join('; ')}`);
      return 1;
    }
    await sleep(BETWEEN_ROUNDS_MS);
  }
}

/** How the backup ended, or why it was not begun. */
async function ask(host: string, path: string): Promise<{ readonly code: number } | string> {
  const response = await open(host, path);
  if (response.statusCode !== 200) return `${response.statusCode} ${(await text(response)).trim()}`;
  console.log(`${host} makes the backup`);
  try {
    for await (const line of createInterface({ input: response })) {
      const message = JSON.parse(line) as WorkMessage;
      if (message.line !== undefined) console.log(message.line);
      if (message.end === undefined) continue;
      if (message.end.ok) return { code: 0 };
      console.error(`the backup failed: ${message.end.message}`);
      return { code: 1 };
    }
    console.error(`${host} went away before the backup ended`);
  } catch (error) {
    console.error(`the connection to ${host} broke before the backup ended: ${messageOf(error)}`);
  }
  return { code: 1 };
}

function open(host: string, path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const file = (key: string) => readFileSync(`${CERTIFICATES_DIR}/${key}`);
    const outgoing = request({
      host, port: API_PORT, path, method: 'POST', timeout: SILENCE_MS,
      cert: file(CERTIFICATE_KEYS.certificate), key: file(CERTIFICATE_KEYS.key), ca: file(CERTIFICATE_KEYS.authority),
    }, resolve);
    outgoing.on('timeout', () => outgoing.destroy(new Error(`nothing was heard for ${SILENCE_MS / 1000} s`)));
    outgoing.on('error', reject);
    outgoing.end();
  });
}
