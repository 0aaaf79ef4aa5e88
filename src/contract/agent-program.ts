/** How the agent's program is run, in its own image or wherever it has been copied to. */
import { AGENT_IMAGE_DIR } from './paths';
import type { BackupType } from './spec';

/** Node runs with the loader and libraries of its own image, which the container's need not have. */
export function agentProgram(directory: string): string[] {
  return [`${directory}/ld.so`, '--library-path', `${directory}/lib`, `${directory}/bin/node`, `${directory}/agent.cjs`];
}

/** In a pod of the agent's image: asks one host after the other for a backup, and ends as it ends. */
export function backupRequest(type: BackupType, repo: number, hosts: readonly string[]): string[] {
  return [...agentProgram(AGENT_IMAGE_DIR), 'request-backup', '--type', type, '--repo', `${repo}`, ...hosts.flatMap((host) => ['--host', host])];
}
