/**
 * A container's log while it is written. client-node's own Log pipes the response without an eye on its errors: a connection that breaks
 * never ends its stream. Here it rejects.
 */
import { get as getPlain, type IncomingMessage } from 'node:http';
import { get as getSecure, type RequestOptions } from 'node:https';
import { text } from 'node:stream/consumers';
import type { Kube } from './kube.js';
import { splitTime, type LogLine } from './log-line.js';

export interface LogSource {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/** A peer that is gone without a word is noticed by TCP: a log may be silent for hours. */
const PROBED_AFTER_MS = 30_000;

/**
 * The lines after the moment `since`, else all. Ends with the container's life. Rejects when the connection breaks, or as the API server
 * refuses; the line that was cut off is told when it is asked again.
 */
export async function* followLog(kube: Kube, { namespace, pod, container }: LogSource, since: string | null, signal?: AbortSignal): AsyncGenerator<LogLine> {
  const query = new URLSearchParams({ container, follow: 'true', timestamps: 'true', ...since === null ? {} : { sinceTime: since } });
  const response = await open(kube, `/api/v1/namespaces/${namespace}/pods/${pod}/log?${query}`, signal);
  let cut = '';
  for await (const chunk of response.setEncoding('utf8')) {
    const whole = (cut + chunk).split('\n');
    cut = whole.pop()!;
    for (const line of whole.map(splitTime)) if (since === null || line.time > since) yield line;
  }
}

async function open({ config, server }: Kube, path: string, signal: AbortSignal | undefined): Promise<IncomingMessage> {
  const options: RequestOptions = { signal };
  await config.applyToHTTPSOptions(options);
  const url = new URL(server + path);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    (url.protocol === 'https:' ? getSecure : getPlain)(url, options, resolve)
      .on('socket', (socket) => socket.setKeepAlive(true, PROBED_AFTER_MS))
      .on('error', reject);
  });
  if (response.statusCode === 200) return response;
  // As client-node's other requests reject.
  throw Object.assign(new Error(`HTTP ${response.statusCode}`), { code: response.statusCode, body: await text(response) });
}
