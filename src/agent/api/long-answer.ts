/** The answer to what takes its time: it lasts as long as the work, one JSON object a line, and its last line says how the work ended. */
import type { ServerResponse } from 'node:http';
import { answerText } from './answer.js';

/** So that a dead connection is noticed, on both sides. */
const HEARTBEAT_MS = 10_000;

export type WorkEnd = { readonly ok: true } | { readonly ok: false; readonly message: string };

/** Begun, or why not. The signal says that whoever asked has gone. */
export type Work = (signal: AbortSignal, onLine: (line: string) => void) => Refused | Promise<WorkEnd>;

export interface Refused {
  readonly refused: string;
}

export interface WorkMessage {
  readonly line?: string;
  readonly end?: WorkEnd;
}

export async function answerWork(response: ServerResponse, work: Work): Promise<void> {
  const gone = new AbortController();
  const tell = (message: WorkMessage) => { response.write(`${JSON.stringify(message)}\n`); };
  const answer = work(gone.signal, (line) => tell({ line }));
  if ('refused' in answer) return answerText(response, 409, answer.refused);
  response.on('close', () => gone.abort(new Error('whoever asked for it has gone')));
  const heartbeat = setInterval(() => tell({}), HEARTBEAT_MS);
  try {
    tell({});
    tell({ end: await answer });
  } finally {
    clearInterval(heartbeat);
    response.end();
  }
}
