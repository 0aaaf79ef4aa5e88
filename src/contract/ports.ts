/** Ports of the cluster's pods. */
export const POSTGRES_PORT = 5432;
/** Plain HTTP: probes, the public part of the status, the agent's metrics. Carries nothing sensitive. */
export const HEALTH_PORT = 8008;
/** Mutual TLS between agents. */
export const API_PORT = 8009;
/** Mutual TLS between pgBackRest processes, in instances and on the repo host. */
export const PGBACKREST_PORT = 8432;
/** Plain HTTP: PostgreSQL's metrics, from the exporter at its side. */
export const EXPORTER_PORT = 9187;

export const POSTGRES_PORT_NAME = 'postgres';
export const HEALTH_PORT_NAME = 'health';
export const API_PORT_NAME = 'api';
export const PGBACKREST_PORT_NAME = 'pgbackrest';
export const EXPORTER_PORT_NAME = 'metrics';

/** Routes of the agent's HTTP servers. */
export const HEALTH_ROUTES = {
  live: '/livez',
  ready: '/readyz',
  primary: '/primary',
  replica: '/replica',
  status: '/status',
  metrics: '/metrics',
} as const;

export const API_ROUTES = {
  status: '/v1/status',
  wake: '/v1/wake',
  wal: '/v1/wal',
  backup: '/v1/backup',
  candidates: '/v1/candidates',
  switchover: '/v1/switchover',
} as const;
