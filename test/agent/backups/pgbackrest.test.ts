/** What pgBackRest says, as people are told it. */
import { readRepoKeys } from '../../../src/agent/backups/keys.js';
import { errorsIn } from '../../../src/agent/backups/pgbackrest.js';
import type { Secrets } from '../../../src/agent/kube/types.js';
import type { RepoSpec } from '../../../src/contract';

test('an error is told with its hints, without the lines before', () => {
  expect(errorsIn('P00   WARN: something\nP00  ERROR: [056]: unable to find primary cluster - cannot proceed\n       HINT: are all available clusters in recovery?'))
    .toBe('ERROR: [056]: unable to find primary cluster - cannot proceed HINT: are all available clusters in recovery?');
  expect(errorsIn('P00   INFO: all is well')).toBe('');
});

const repo: RepoSpec = {
  type: 's3', retention: { fullType: 'count', full: 2 }, endpoint: 'e', bucket: 'b', region: 'r', uriStyle: 'host', path: '/', verifyTls: true, keyType: 'shared',
  credentialsSecret: 'keys', cipher: { secret: 'pass', key: 'phrase' },
};

function secretsWith(data: Record<string, Record<string, string>>): Secrets {
  const get: Secrets['get'] = async (name) => (data[name] === undefined
    ? { ok: false, kind: 'notFound', message: 'not found' }
    : { ok: true, value: { version: '1', data: data[name] } });
  return { get, fill: () => { throw new Error('nothing is written to a Secret that somebody else fills'); } };
}

test('a Secret or key that is missing is named, and no repo is left out of the archive because of it', async () => {
  const keys = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret\n' };
  await expect(readRepoKeys(secretsWith({ keys }), [repo], false)).rejects.toThrow('Secret pass of a backup repo is not there');
  await expect(readRepoKeys(secretsWith({ keys, pass: { other: 'x' } }), [repo], false)).rejects.toThrow('Secret pass of a backup repo has no key phrase');
  await expect(readRepoKeys(secretsWith({ keys: { AWS_ACCESS_KEY_ID: 'id' }, pass: { phrase: 'x' } }), [repo], false)).rejects.toThrow('no key AWS_SECRET_ACCESS_KEY');
  expect(await readRepoKeys(secretsWith({ keys, pass: { phrase: 'open sesame\n' } }), [repo], false))
    .toEqual([{ passphrase: 'open sesame', accessKeyId: 'id', secretAccessKey: 'secret' }]);
});

test('the passphrase of a repo on a volume is read on the repo host only', async () => {
  const posix: RepoSpec = { type: 'posix', retention: { fullType: 'count', full: 2 }, cipher: { secret: 'pass', key: 'phrase' } };
  expect(await readRepoKeys(secretsWith({}), [posix], false)).toEqual([{}]);
  expect(await readRepoKeys(secretsWith({ pass: { phrase: 'x' } }), [posix], true)).toEqual([{ passphrase: 'x' }]);
});
