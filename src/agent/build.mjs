/**
 * Builds what the agent image is made of into dist/agent: the bundled agent, pgguard, and the Node binary that runs it.
 *
 *   node src/agent/build.mjs [amd64|arm64]
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, chmodSync } from 'node:fs';
import { build } from 'esbuild';

/** The Node that the agent is tested on; from the npm registry, because a registry of images may not be at hand. */
const NODE_VERSION = '24.21.0';
const NODE_ARCH = { amd64: 'x64', arm64: 'arm64' };

const host = process.arch === 'arm64' ? 'arm64' : 'amd64';
const arch = process.argv[2] ?? host;
if (!(arch in NODE_ARCH)) {
  console.error(`unknown architecture ${arch}; expected amd64 or arm64`);
  process.exit(2);
}
const out = 'dist/agent';
mkdirSync(out, { recursive: true });

await build({
  entryPoints: ['src/agent/main.ts'],
  outfile: `${out}/agent.cjs`,
  bundle: true,
  minify: true,
  keepNames: true,
  sourcemap: 'inline',
  sourcesContent: false,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  // Optional native speed-ups that are not there.
  external: ['pg-native'],
  logLevel: 'warning',
});

execFileSync('go', ['build', '-trimpath', '-ldflags', '-s -w', '-o', `../../../${out}/pgguard`, '.'], {
  cwd: 'src/agent/guard', stdio: 'inherit', env: { ...process.env, CGO_ENABLED: '0', GOOS: 'linux', GOARCH: arch },
});

const stamp = `${NODE_VERSION}-${arch}`;
const unpacked = `${out}/node-${stamp}`;
if (!existsSync(`${unpacked}/package/bin/node`)) {
  mkdirSync(unpacked, { recursive: true });
  const packed = execFileSync('npm', ['pack', '--silent', '--pack-destination', unpacked, `node-linux-${NODE_ARCH[arch]}@${NODE_VERSION}`], { encoding: 'utf8' }).trim();
  execFileSync('tar', ['-xzf', packed, 'package/bin/node'], { cwd: unpacked });
  rmSync(`${unpacked}/${packed}`);
}
copyFileSync(`${unpacked}/package/bin/node`, `${out}/node`);
chmodSync(`${out}/node`, 0o755);
const sizes = ['agent.cjs', 'pgguard', 'node'].map((name) => `${name} ${(readFileSync(`${out}/${name}`).length / 1e6).toFixed(1)} MB`);
console.log(`${out} (${arch}): ${sizes.join(', ')}`);
