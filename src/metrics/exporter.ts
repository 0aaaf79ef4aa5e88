/** PostgreSQL's metrics: prometheus-postgres-exporter in a container beside the server, which it sees as a role that may only watch. */
import { k8s } from 'cdk8s-plus-28';
import { resources, RESTRICTED } from '../agent-pod';
import { CLIENT_FILES, EXPORTER_PORT, EXPORTER_PORT_NAME, HEALTH_PORT, HEALTH_ROUTES, MONITORING_DIR, POSTGRES_PORT, SYSTEM_ROLES } from '../contract';
import type { Labels } from '../labels';
import type { MetricsOptions } from './options';

const VOLUME = 'monitoring';

/**
 * It waits for the certificate that the agent writes, and it is started again here when it ends: a container that is not ready would take a
 * database that works out of its Services. The signal is caught because the first process of a container ignores what it does not catch.
 */
const SCRIPT = `trap 'exit 0' TERM INT
exporter=$(command -v prometheus-postgres-exporter || command -v postgres_exporter) || echo 'there is no postgres_exporter in this image' >&2
until [ -n "$exporter" ] && [ -s ${MONITORING_DIR}/${CLIENT_FILES.certificate} ]; do sleep 1 & wait $!; done
while :; do
  "$exporter" --web.listen-address=:${EXPORTER_PORT} --log.level=warn & wait $!
  echo "the exporter ended with code $? and is started again in 5 s" >&2
  sleep 5 & wait $!
done`;

/** `anyName`: PostgreSQL may show a certificate that does not name this machine. */
export function exporterContainer(postgresImage: string, options: MetricsOptions, anyName: boolean): k8s.Container {
  return {
    name: 'exporter',
    image: options.image ?? postgresImage,
    imagePullPolicy: 'IfNotPresent',
    command: ['/bin/sh', '-c', SCRIPT],
    env: [{ name: 'DATA_SOURCE_NAME', value: dataSource(anyName) }],
    ports: [{ name: EXPORTER_PORT_NAME, containerPort: EXPORTER_PORT, protocol: 'TCP' }],
    resources: resources(options.resources),
    securityContext: RESTRICTED,
    volumeMounts: [{ name: VOLUME, mountPath: MONITORING_DIR, readOnly: true }],
  };
}

/** Over loopback and with TLS, never the socket: there, the container's OS user is the superuser. */
function dataSource(anyName: boolean): string {
  const file = (name: string) => `${MONITORING_DIR}/${name}`;
  const parameters = {
    sslmode: anyName ? 'verify-ca' : 'verify-full',
    sslrootcert: file(CLIENT_FILES.authority),
    sslcert: file(CLIENT_FILES.certificate),
    sslkey: file(CLIENT_FILES.key),
    connect_timeout: '5',
    application_name: 'postgres_exporter',
  };
  const query = Object.entries(parameters).map(([name, value]) => `${name}=${value}`).join('&');
  // The exporter's library verifies a name that it sends also where only the authority is asked for; for an address it sends none.
  const host = anyName ? '127.0.0.1' : 'localhost';
  return `postgresql://${SYSTEM_ROLES.monitoring}@${host}:${POSTGRES_PORT}/postgres?${query}`;
}

/** Shared by agent and exporter, and in memory: it holds a private key. */
export const MONITORING_VOLUME: k8s.Volume = { name: VOLUME, emptyDir: { medium: 'Memory' } };
export const MONITORING_MOUNT: k8s.VolumeMount = { name: VOLUME, mountPath: MONITORING_DIR };

function scraped(port: number): Labels {
  return { 'prometheus.io/scrape': 'true', 'prometheus.io/port': `${port}`, 'prometheus.io/path': HEALTH_ROUTES.metrics };
}

/** By the widespread convention a pod has one port to be scraped, and so has a Service: the pod names the exporter's, the Service the agent's. */
export const POD_SCRAPE_ANNOTATIONS: Labels = scraped(EXPORTER_PORT);
export const SERVICE_SCRAPE_ANNOTATIONS: Labels = scraped(HEALTH_PORT);
