/** The data claims and the mark on them that says: this volume holds a cluster's data (I41). */
import { PERSISTENT_VOLUME_CLAIMS, type KubeApi } from './client.js';
import type { ClaimInfo, Claims, Result } from './types.js';
import { CLUSTER_LABEL, INSTANCE_LABEL, SYSTEM_ID_ANNOTATION } from '../../contract/index.js';

export class KubeClaims implements Claims {
  /** `known`: data claims that the spec names, which somebody else may have made without our labels. */
  constructor(private readonly api: KubeApi, private readonly cluster: string, private readonly known: () => readonly string[] = () => []) {}

  async list(): Promise<Result<readonly ClaimInfo[]>> {
    const claims = await this.api.list(PERSISTENT_VOLUME_CLAIMS, { labels: { [CLUSTER_LABEL]: this.cluster } });
    if (!claims.ok) return claims;
    const found = claims.value.items.map(infoOf);
    for (const name of this.known().filter((known) => !found.some((claim) => claim.name === known))) {
      const claim = await this.api.get(PERSISTENT_VOLUME_CLAIMS, name);
      if (claim.ok) found.push(infoOf(claim.value));
      else if (claim.kind !== 'notFound') return claim;
    }
    return { ok: true, value: found };
  }

  async annotate(name: string, systemId: string): Promise<Result<void>> {
    const patched = await this.api.patch(PERSISTENT_VOLUME_CLAIMS, name, { metadata: { annotations: { [SYSTEM_ID_ANNOTATION]: systemId } } });
    return patched.ok ? { ok: true, value: undefined } : patched;
  }
}

interface Labelled {
  readonly metadata?: { readonly name?: string; readonly labels?: Record<string, string>; readonly annotations?: Record<string, string> };
}

function infoOf({ metadata }: Labelled): ClaimInfo {
  return {
    name: metadata?.name ?? '',
    instance: metadata?.labels?.[INSTANCE_LABEL] ?? null,
    systemId: metadata?.annotations?.[SYSTEM_ID_ANNOTATION] ?? null,
  };
}
