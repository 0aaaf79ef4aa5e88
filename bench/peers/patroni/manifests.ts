/**
 * Patroni in its Kubernetes mode, as its own example has it (endpoints, one StatefulSet), with its default timings. Labels, names, claims, resources and TLS are
 * as in the clusters that it is compared with, so that the same client and the same faults fit.
 */
import { CLUSTER_LABEL, COMPONENT_INSTANCE, COMPONENT_LABEL, INSTANCE_LABEL, SOCKET_DIR } from '../../../src/contract';
import { CLUSTER } from '../../../test/e2e/harness/program';

export const IMAGE = 'localhost/cdk8s-postgres-bench-patroni:17';
export const INSTANCES = ['0', '1', '2'];
export const PASSWORD = 'bench-of-failovers';

const PATRONI = { application: 'patroni', 'cluster-name': CLUSTER };

const SETTINGS = {
  bootstrap: {
    dcs: { postgresql: { use_pg_rewind: true, parameters: { unix_socket_directories: SOCKET_DIR, ssl: 'on', ssl_cert_file: '/tls/tls.crt', ssl_key_file: '/tls/tls.key' } } },
    initdb: ['data-checksums', { encoding: 'UTF8' }, { 'auth-host': 'scram-sha-256' }, { 'auth-local': 'trust' }],
    pg_hba: ['local all all trust', 'host all all 0.0.0.0/0 scram-sha-256', 'host replication standby 0.0.0.0/0 scram-sha-256'],
  },
};

const value = (name: string, text: string) => ({ name, value: text });
const field = (name: string, path: string) => ({ name, valueFrom: { fieldRef: { fieldPath: path } } });

/** `pair`: the certificate that PostgreSQL shows. */
export function manifests(pair: { readonly certificate: string; readonly key: string }): string {
  const items = [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'patroni' } },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'patroni' },
      rules: [
        { apiGroups: [''], resources: ['configmaps', 'endpoints'], verbs: ['create', 'get', 'list', 'patch', 'update', 'watch', 'delete', 'deletecollection'] },
        { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'patch', 'update', 'watch'] },
        { apiGroups: [''], resources: ['services'], verbs: ['create'] },
      ],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', metadata: { name: 'patroni' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'patroni' }, subjects: [{ kind: 'ServiceAccount', name: 'patroni' }],
    },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'patroni' }, data: { 'patroni.yml': JSON.stringify(SETTINGS) } },
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'tls' }, stringData: { 'tls.crt': pair.certificate, 'tls.key': pair.key } },
    // Patroni itself writes its endpoints.
    { apiVersion: 'v1', kind: 'Service', metadata: { name: CLUSTER, labels: PATRONI }, spec: { ports: [{ port: 5432 }] } },
    ...INSTANCES.flatMap(instance),
  ];
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}

/** A StatefulSet each, so that the instance is a label and the zone is known. */
function instance(name: string, index: number): object[] {
  const labels = { ...PATRONI, [CLUSTER_LABEL]: CLUSTER, [COMPONENT_LABEL]: COMPONENT_INSTANCE, [INSTANCE_LABEL]: name };
  const restricted = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
  return [{
    apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: `${CLUSTER}-${name}` },
    spec: {
      serviceName: CLUSTER, selector: { matchLabels: labels }, replicas: 1,
      volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } }],
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: 'patroni',
          nodeSelector: { 'topology.kubernetes.io/zone': ['a', 'b', 'c'][index] },
          securityContext: { runAsNonRoot: true, runAsUser: 26, runAsGroup: 26, fsGroup: 26, seccompProfile: { type: 'RuntimeDefault' } },
          containers: [{
            name: 'postgres', image: IMAGE, imagePullPolicy: 'IfNotPresent', securityContext: restricted, resources: { requests: { cpu: '200m' } },
            readinessProbe: { httpGet: { path: '/readiness', port: 8008 }, periodSeconds: 2 },
            env: [
              field('POD_IP', 'status.podIP'), field('PATRONI_KUBERNETES_NAMESPACE', 'metadata.namespace'), field('PATRONI_NAME', 'metadata.name'),
              field('PATRONI_KUBERNETES_POD_IP', 'status.podIP'),
              value('PATRONI_KUBERNETES_LABELS', JSON.stringify(PATRONI)), value('PATRONI_KUBERNETES_USE_ENDPOINTS', 'true'), value('PATRONI_SCOPE', CLUSTER),
              value('PATRONI_KUBERNETES_SCOPE_LABEL', 'cluster-name'),
              value('PATRONI_POSTGRESQL_DATA_DIR', '/data/pgdata'), value('PATRONI_POSTGRESQL_PGPASS', '/tmp/pgpass'),
              value('PATRONI_POSTGRESQL_BIN_DIR', '/usr/lib/postgresql/17/bin'),
              value('PATRONI_POSTGRESQL_LISTEN', '0.0.0.0:5432'), value('PATRONI_POSTGRESQL_CONNECT_ADDRESS', '$(POD_IP):5432'),
              value('PATRONI_RESTAPI_LISTEN', '0.0.0.0:8008'), value('PATRONI_RESTAPI_CONNECT_ADDRESS', '$(POD_IP):8008'),
              value('PATRONI_SUPERUSER_USERNAME', 'postgres'), value('PATRONI_SUPERUSER_PASSWORD', PASSWORD),
              value('PATRONI_REPLICATION_USERNAME', 'standby'), value('PATRONI_REPLICATION_PASSWORD', PASSWORD),
            ],
            volumeMounts: [
              { name: 'data', mountPath: '/data' }, { name: 'settings', mountPath: '/etc/patroni' }, { name: 'tls', mountPath: '/tls' }, { name: 'socket', mountPath: SOCKET_DIR },
            ],
          }],
          volumes: [
            { name: 'settings', configMap: { name: 'patroni' } }, { name: 'tls', secret: { secretName: 'tls', defaultMode: 0o440 } }, { name: 'socket', emptyDir: {} },
          ],
        },
      },
    },
  }];
}
