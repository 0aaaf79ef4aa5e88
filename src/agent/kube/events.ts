/** What a person should know, as Kubernetes Events on the own pod. */
import { randomUUID } from 'node:crypto';
import { EVENTS, type KubeApi } from './client.js';
import type { Events } from './types.js';
import { FIELD_MANAGER } from '../../contract/index.js';

/** How long an event that was told once is not told again. */
const REPEAT_AFTER_MS = 600_000;
/** The API server refuses longer notes. */
const LONGEST_NOTE = 1024;

export class KubeEvents implements Events {
  private readonly toldAt = new Map<string, number>();

  constructor(private readonly api: KubeApi, private readonly pod: { readonly name: string; readonly uid: string }) {}

  tell(type: 'Normal' | 'Warning', reason: string, note: string): void {
    const now = performance.now();
    for (const [told, at] of this.toldAt) {
      if (now - at >= REPEAT_AFTER_MS) this.toldAt.delete(told);
    }
    const key = `${type} ${reason} ${note}`;
    if (this.toldAt.has(key)) return;
    this.toldAt.set(key, now);
    // `call` never rejects; what became of an event is nobody's business.
    void this.api.create(EVENTS, {
      metadata: { name: `${this.pod.name}.${randomUUID()}`, namespace: this.api.namespace },
      eventTime: new Date().toISOString().replace('Z', '000Z'),
      type,
      reason,
      action: reason,
      note: note.slice(0, LONGEST_NOTE),
      reportingController: FIELD_MANAGER,
      reportingInstance: this.pod.name,
      regarding: { apiVersion: 'v1', kind: 'Pod', name: this.pod.name, uid: this.pod.uid, namespace: this.api.namespace },
    });
  }
}
