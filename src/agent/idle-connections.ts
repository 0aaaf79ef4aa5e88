import type { Agent } from 'node:http';

/** Closes the connections that are kept for later: after a failure, the others may have died in silence with the one that failed. */
export function dropIdleConnections(agent: Agent): void {
  for (const sockets of Object.values(agent.freeSockets)) {
    for (const socket of [...sockets ?? []]) socket.destroy();
  }
}
