/** pgbackrest.conf of each place. */
import { renderConfiguration, type Place, type RepoKeys } from '../../../src/agent/backups/configuration.js';
import type { BackupsSpec, RepoSpec } from '../../../src/contract';

const posix: RepoSpec = { type: 'posix', retention: { fullType: 'time', full: 14, differential: 3 }, cipher: { secret: 'p', key: 'k' } };
const s3: RepoSpec = {
  type: 's3', retention: { fullType: 'count', full: 2 }, endpoint: 's3:9000', bucket: 'b', region: 'r', uriStyle: 'path', path: '/x', verifyTls: true, keyType: 'shared',
  credentialsSecret: 'c', authority: { secret: 'a', key: 'ca.crt' },
};
const S3_KEYS: RepoKeys = { accessKeyId: 'id', secretAccessKey: 'secret', authority: 'PEM' };

/** By section. */
function rendered(place: Place, repos: RepoSpec[], keys: RepoKeys[]): Record<string, Record<string, string>> {
  const backups: BackupsSpec = { stanza: 'orders', repos, host: 'orders-repo', certificateSecret: 's', requestSecret: 'r' };
  const sections: Record<string, Record<string, string>> = {};
  let section = '';
  for (const line of renderConfiguration({ backups, place, keys, repoHost: 'orders-repo.shop.svc', options: {} }).split('\n')) {
    const name = /^\[(.*)\]$/.exec(line)?.[1];
    if (name !== undefined) sections[section = name] = {};
    else if (line.includes('=')) sections[section]![line.slice(0, line.indexOf('='))] = line.slice(line.indexOf('=') + 1);
  }
  return sections;
}

test('an instance reaches a repo on a volume through the repo host, and one in S3 itself', () => {
  const { global } = rendered({ kind: 'instance' }, [posix, s3], [{}, S3_KEYS]);
  expect(global).toMatchObject({
    'repo1-host': 'orders-repo.shop.svc', 'repo1-host-type': 'tls', 'repo1-host-port': '8432',
    'repo2-type': 's3', 'repo2-s3-endpoint': 's3:9000', 'repo2-s3-key': 'id', 'repo2-s3-key-secret': 'secret', 'repo2-storage-verify-tls': 'y',
    'repo2-storage-ca-file': '/run/pgbackrest/repo2-ca.crt',
    'archive-async': 'y',
  });
  expect(Object.keys(global!).filter((name) => name.startsWith('repo1') && !name.startsWith('repo1-host'))).toEqual([]);
  expect(global).not.toHaveProperty('repo2-host');
});

test('log is never dropped from the archive\'s queue', () => {
  expect(rendered({ kind: 'instance' }, [s3], [S3_KEYS]).global).not.toHaveProperty('archive-push-queue-max');
});

test('the repo host has the volumes, the passphrase and what is kept, and every instance as a host', () => {
  const { global, orders } = rendered({ kind: 'repo', instances: ['orders-1-0.x', 'orders-2-0.x'] }, [posix, s3], [{ passphrase: 'open sesame' }, S3_KEYS]);
  expect(global).toMatchObject({
    'repo1-path': '/pgbackrest/repo1/data', 'repo1-cipher-type': 'aes-256-cbc', 'repo1-cipher-pass': 'open sesame',
    'repo1-retention-full-type': 'time', 'repo1-retention-full': '14', 'repo1-retention-diff': '3',
    'repo2-retention-full-type': 'count', 'repo2-retention-full': '2', 'backup-standby': 'prefer', 'compress-type': 'zst',
  });
  expect(global).not.toHaveProperty('repo1-host');
  expect(orders).toMatchObject({ 'pg1-host': 'orders-1-0.x', 'pg2-host': 'orders-2-0.x', 'pg2-path': '/pgdata/data', 'pg2-host-config': '/run/pgbackrest/pgbackrest.conf' });
});

test('a leader that makes backups itself knows the others, so that they come from a standby', () => {
  expect(rendered({ kind: 'leader', others: ['orders-2-0.x'] }, [s3], [S3_KEYS]).orders).toMatchObject({ 'pg1-path': '/pgdata/data', 'pg2-host': 'orders-2-0.x' });
  expect(rendered({ kind: 'leader', others: ['orders-2-0.x'] }, [s3], [S3_KEYS]).orders).not.toHaveProperty('pg1-host');
});

test('only who shows the cluster\'s certificate gets in, and only to this stanza', () => {
  expect(rendered({ kind: 'instance' }, [s3], [S3_KEYS]).global).toMatchObject({
    'tls-server-auth': 'cdk8s-postgres-pgbackrest=orders', 'tls-server-ca-file': '/run/pgbackrest/ca.crt',
  });
});
