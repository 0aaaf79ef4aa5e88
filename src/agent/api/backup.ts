/** A backup asked for over the API: the answer lasts as long as the backup, one JSON object a line. */
import type { ServerResponse } from 'node:http';
import { answerText } from './answer.js';
import type { BackupHandler } from './types.js';

/** So that a dead connection is noticed, on both sides. */
const HEARTBEAT_MS = 10_000;

export async function answerBackup(query: URLSearchParams, response: ServerResponse, backup: BackupHandler | undefined): Promise<void> {
  const type = query.get('type');
  const repo = Number(query.get('repo'));
  if ((type !== 'full' && type !== 'diff' && type !== 'incr') || !Number.isInteger(repo) || repo < 1) {
    return answerText(response, 400, 'wanted: type, which is full, diff or incr, and repo, from 1, like type=full&repo=1');
  }
  if (backup === undefined) return answerText(response, 404, 'no backups are made here');
  const gone = new AbortController();
  const tell = (message: BackupMessage) => { response.write(`${JSON.stringify(message)}\n`); };
  const answer = backup({ type, repo }, gone.signal, (line) => tell({ line }));
  if ('refused' in answer) return answerText(response, 409, answer.refused);
  // Whoever asked and went may ask again: a backup that nobody waits for would only be in the way.
  response.on('close', () => gone.abort(new Error('whoever asked for the backup has gone')));
  const heartbeat = setInterval(() => tell({}), HEARTBEAT_MS);
  try {
    tell({});
    tell({ end: await answer });
  } finally {
    clearInterval(heartbeat);
    response.end();
  }
}

export interface BackupMessage {
  readonly line?: string;
  readonly end?: { readonly ok: true } | { readonly ok: false; readonly message: string };
}
