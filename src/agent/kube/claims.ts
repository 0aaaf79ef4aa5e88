/** The data claims and the mark on them that says: this volume holds a cluster's data (I41). */
import { PERSISTENT_VOLUME_CLAIMS, type KubeApi } from './client.js';
import type { ClaimInfo, Claims, Result } from './types.js';
import { CLUSTER_LABEL, INSTANCE_LABEL, SYSTEM_ID_ANNOTATION } from '../../contract/index.js';

export class KubeClaims implements Claims {
  constructor(private readonly api: KubeApi, private readonly cluster: string) {}

  async list(): Promise<Result<readonly ClaimInfo[]>> {
    const claims = await this.api.list(PERSISTENT_VOLUME_CLAIMS, { labels: { [CLUSTER_LABEL]: this.cluster } });
    if (!claims.ok) return claims;
    return {
      ok: true,
      value: claims.value.items.map(({ metadata }) => ({
        name: metadata?.name ?? '',
        instance: metadata?.labels?.[INSTANCE_LABEL] ?? null,
        systemId: metadata?.annotations?.[SYSTEM_ID_ANNOTATION] ?? null,
      })),
    };
  }

  async annotate(name: string, systemId: string): Promise<Result<void>> {
    const patched = await this.api.patch(PERSISTENT_VOLUME_CLAIMS, name, { metadata: { annotations: { [SYSTEM_ID_ANNOTATION]: systemId } } });
    return patched.ok ? { ok: true, value: undefined } : patched;
  }
}
