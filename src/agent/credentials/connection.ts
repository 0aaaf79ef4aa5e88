/** What an application finds in its connection Secret. */
import type { SecretData } from './types.js';
import { CONNECTION_KEYS, POOLER_CONNECTION_KEYS, POSTGRES_PORT, type ClusterSpec, type UserSpec } from '../../contract/index.js';

/**
 * `sslmode=require`, because no stronger one works without a file that holds the authority; `ca.crt` is there for those who mount it
 * and ask for verify-full. Where clients must show a certificate, its files are not named either: only who mounts them knows where they lie.
 */
export function connectionData(spec: ClusterSpec, namespace: string, user: UserSpec, password: string, authority: string): SecretData {
  const { readWriteService, instancesService } = spec.objects;
  const host = `${readWriteService}.${namespace}.svc`;
  const everyHost = spec.instances.map(({ pod }) => `${pod}.${instancesService}.${namespace}.svc:${POSTGRES_PORT}`).join(',');
  const login = { name: encodeURIComponent(user.name), secret: encodeURIComponent(password), database: encodeURIComponent(user.database) };
  const { name, secret, database } = login;
  const sslmode = spec.clientTls === 'disable' ? 'disable' : 'require';
  return {
    [CONNECTION_KEYS.host]: host,
    [CONNECTION_KEYS.port]: `${POSTGRES_PORT}`,
    [CONNECTION_KEYS.database]: user.database,
    [CONNECTION_KEYS.user]: user.name,
    [CONNECTION_KEYS.password]: password,
    [CONNECTION_KEYS.uri]: `postgresql://${name}:${secret}@${host}:${POSTGRES_PORT}/${database}?sslmode=${sslmode}`,
    [CONNECTION_KEYS.jdbcUri]: `jdbc:postgresql://${host}:${POSTGRES_PORT}/${database}?user=${name}&password=${secret}&sslmode=${sslmode}`,
    [CONNECTION_KEYS.multiHostUri]: `postgresql://${name}:${secret}@${everyHost}/${database}?target_session_attrs=read-write&sslmode=${sslmode}`,
    [CONNECTION_KEYS.authority]: authority,
    ...spec.pooler === undefined ? {} : poolerData(`${spec.pooler.service}.${namespace}.svc`, login, sslmode),
  };
}

/** `prepareThreshold=0` is not needed: pgBouncer keeps track of prepared statements since 1.21. */
function poolerData(host: string, { name, secret, database }: Readonly<Record<'name' | 'secret' | 'database', string>>, sslmode: string): SecretData {
  return {
    [POOLER_CONNECTION_KEYS.host]: host,
    [POOLER_CONNECTION_KEYS.port]: `${POSTGRES_PORT}`,
    [POOLER_CONNECTION_KEYS.uri]: `postgresql://${name}:${secret}@${host}:${POSTGRES_PORT}/${database}?sslmode=${sslmode}`,
    [POOLER_CONNECTION_KEYS.jdbcUri]: `jdbc:postgresql://${host}:${POSTGRES_PORT}/${database}?user=${name}&password=${secret}&sslmode=${sslmode}`,
  };
}
