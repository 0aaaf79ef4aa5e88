/**
 * Before the tests of the agent: pgguard is built, and the process stops being root, because PostgreSQL refuses to run as root. This
 * happens while jest reads its configuration, before it starts the first worker, so that all of them are the same user.
 */
const { execFileSync } = require('node:child_process');
const { chmodSync, chownSync, mkdtempSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join, resolve } = require('node:path');

const guardSource = resolve(__dirname, '../../src/agent/guard');

/** Makes the directory where the tests put everything, and tells it to them as CDK8S_POSTGRES_TEST_DIR. */
function prepare() {
  const scratch = mkdtempSync(join(tmpdir(), 'pgt-'));
  chmodSync(scratch, 0o755);
  execFileSync('go', ['build', '-o', join(scratch, 'pgguard'), '.'], { cwd: guardSource, stdio: 'inherit' });
  process.env.CDK8S_POSTGRES_TEST_DIR = scratch;
  if (process.getuid() === 0) {
    const [uid, gid] = ['-u', '-g'].map((option) => Number(execFileSync('id', [option, 'postgres'], { encoding: 'utf8' })));
    chownSync(scratch, uid, gid);
    process.setgroups([gid]);
    process.setgid(gid);
    process.setuid(uid);
  }
}

module.exports = { prepare };
