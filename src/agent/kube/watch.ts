/**
 * List, then watch, and again: a stream of changes that only ever wakes its reader (I34).
 *
 * A watch that the network swallowed looks like one on which nothing happens, so each lasts half a minute at most and callers poll besides.
 */
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kind, KubeApi, Selection } from './client.js';
import type { Result } from './types.js';

export type Change<T> =
  | { readonly type: 'listed'; readonly items: readonly T[] }
  | { readonly type: 'added' | 'modified' | 'deleted'; readonly object: T };

interface Versioned {
  readonly metadata?: { readonly resourceVersion?: string };
}

const WATCH_SECONDS = 30;
/** How much longer than it asked for a watch may last before it is taken for dead. */
const GRACE_MS = 5_000;
const RETRY_MS = 1_000;

/** Returns when the signal aborts; everything else is tried again. */
export async function watchAll<T extends Versioned>(
  api: KubeApi, kind: Kind<T>, selection: Selection, onChange: (change: Change<T>) => void, signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const listing = await api.list(kind, selection);
    if (signal.aborted) return;
    if (listing.ok) {
      onChange({ type: 'listed', items: listing.value.items });
      await followFrom(listing.value.resourceVersion, api, kind, selection, onChange, signal);
    }
    await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Watch after watch, until one fails or its version is too old: then only a new list helps. */
async function followFrom<T extends Versioned>(
  start: string, api: KubeApi, kind: Kind<T>, selection: Selection, onChange: (change: Change<T>) => void, signal: AbortSignal,
): Promise<void> {
  let version: string | null = start;
  while (version !== null && !signal.aborted) {
    const opened: Result<IncomingMessage> = await api.watch(kind, selection, version, WATCH_SECONDS, limited(signal));
    if (!opened.ok) return;
    version = await readEvents(opened.value, version, onChange);
  }
}

function limited(signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(WATCH_SECONDS * 1000 + GRACE_MS)]);
}

/** The version to go on from; null when the stream broke, or ended so soon that asking again at once would be a busy loop. */
async function readEvents<T extends Versioned>(
  stream: IncomingMessage, start: string, onChange: (change: Change<T>) => void,
): Promise<string | null> {
  const began = performance.now();
  let version = start;
  try {
    for await (const line of lines(stream)) {
      const event = JSON.parse(line) as { type: string; object: T };
      if (event.type === 'ERROR') return null;
      version = event.object.metadata?.resourceVersion ?? version;
      switch (event.type) {
        case 'ADDED': onChange({ type: 'added', object: event.object }); break;
        case 'MODIFIED': onChange({ type: 'modified', object: event.object }); break;
        case 'DELETED': onChange({ type: 'deleted', object: event.object }); break;
      }
    }
    return performance.now() - began < RETRY_MS ? null : version;
  } catch {
    return null;
  }
}

async function* lines(stream: IncomingMessage): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of stream.setEncoding('utf8')) {
    const parts = (rest + String(chunk)).split('\n');
    rest = parts.pop()!;
    yield* parts;
  }
}
