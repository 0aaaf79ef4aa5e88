/**
 * Before the tests of the agent: pgguard is built, and the process stops being root, because PostgreSQL refuses to run as root. This
 * happens while jest reads its configuration, before it starts the first worker, so that all of them are the same user.
 */
const { execFileSync } = require('node:child_process');
const { chownSync, mkdtempSync, statfsSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join, resolve } = require('node:path');

const guardSource = resolve(__dirname, '../../src/agent/guard');

/** Tells the tests where pgguard is (CDK8S_POSTGRES_TEST_GUARD) and where to put everything (CDK8S_POSTGRES_TEST_DIR). */
function prepare() {
  const scratch = mkdtempSync(join(roomiest(), 'pgt-'));
  const guard = join(tmpdir(), 'cdk8s-postgres-test', 'pgguard');
  execFileSync('go', ['build', '-o', guard, '.'], { cwd: guardSource, stdio: 'inherit' });
  process.env.CDK8S_POSTGRES_TEST_DIR = scratch;
  process.env.CDK8S_POSTGRES_TEST_GUARD = guard;
  if (process.getuid() === 0) {
    const [uid, gid] = ['-u', '-g'].map((option) => Number(execFileSync('id', [option, 'postgres'], { encoding: 'utf8' })));
    chownSync(scratch, uid, gid);
    process.setgroups([gid]);
    process.setgid(gid);
    process.setuid(uid);
  }
}

/** Memory, where there is enough: the tests kill processes and never the power, so that syncing to a disk would only make them slow. */
function roomiest() {
  try {
    const { bavail, bsize } = statfsSync('/dev/shm');
    return bavail * bsize > 2 ** 31 ? '/dev/shm' : tmpdir();
  } catch {
    return tmpdir();
  }
}

module.exports = { prepare };
