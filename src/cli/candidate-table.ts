import { bytes, table } from './format.js';
import type { CandidateStatus } from '../contract/status.js';

export function candidateTable(all: readonly CandidateStatus[]): string {
  return table(['INSTANCE', 'ELIGIBLE', 'TIMELINE', 'LSN', 'LAG', 'WHY NOT'], all.map(({ instance, eligible, position, lagBytes, why }) => [
    instance, eligible ? 'yes' : 'no', position?.timeline ?? null, position?.lsn ?? null, lagBytes === null ? null : bytes(lagBytes), why,
  ]));
}
