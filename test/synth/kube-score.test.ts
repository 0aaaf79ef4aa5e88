import { execFileSync, spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { yamlOf } from './example';
import { synthesize } from './programs';
import type { Manifest } from './render';

/** Built from Go's modules, about a minute the first time; Go keeps it. */
const KUBE_SCORE = 'github.com/zegl/kube-score/cmd/kube-score@v1.20.0';
const BUILD_TIME = 10 * 60_000;

/** What kube-score finds fault with and why it stays: each finding has a reason here, and each reason a finding. */
const STANDS: { readonly [check: string]: string } = {
  'container-image-pull-policy': 'images are pinned by tag or digest, and a database must start when its registry is down',
  'container-security-context-user-group-id': 'the user id is the one of the image\'s own postgres user, and a prop: "uid"',
  'pod-networkpolicy': 'egress is limited only where the program says how the API server is reached: a primary that is cut off from it stops',
  'service-targets-pod': 'the agents keep the role label on the pods, because roles move',
};
const STANDS_WITHOUT_RESOURCES: { readonly [check: string]: string } = {
  'container-resources': 'what a database needs, nobody can guess; "resources" says it',
  'container-ephemeral-storage-request-and-limit': 'as above',
};

const STANDS_IN_PRODUCTION: { readonly [check: string]: string } = {
  'container-ephemeral-storage-request-and-limit': 'not every cluster counts it; root file systems are read-only, and what grows has a volume',
};
const STANDS_AROUND: { readonly [check: string]: string } = {
  'service-type': 'the program asks for a port of every node',
};

beforeAll(() => {
  execFileSync('go', ['run', KUBE_SCORE, 'version'], { cwd: tmpdir() });
}, BUILD_TIME);

test.each([
  ['full', STANDS],
  ['surroundings', { ...STANDS, ...STANDS_AROUND }],
  ['minimal', { ...STANDS, ...STANDS_WITHOUT_RESOURCES }],
])('kube-score finds nothing in the program %j but what is explained', (name, stands) => {
  expect(findings(synthesize(name))).toEqual(Object.keys(stands).sort());
}, 60_000);

test('kube-score finds nothing in the production example but what is explained', () => {
  expect(findings(yamlOf('production.ts'))).toEqual(Object.keys({ ...STANDS, ...STANDS_IN_PRODUCTION }).sort());
}, 60_000);

/** The checks that are not wholly passed. */
function findings(yaml: string): string[] {
  // kube-score ends with status 1 when it finds anything.
  const { stdout, stderr } = spawnSync('go', ['run', KUBE_SCORE, 'score', '-', '--output-format', 'json'], { cwd: tmpdir(), input: yaml, encoding: 'utf8' });
  if (!stdout.startsWith('[')) throw new Error(`kube-score gave no answer: ${stderr}`);
  const checks: Manifest[] = JSON.parse(stdout).flatMap((object: Manifest) => object.checks);
  if (checks.length === 0) throw new Error('kube-score checked nothing');
  const allOk = 10;
  return [...new Set(checks.filter(({ skipped, grade }) => !skipped && grade < allOk).map(({ check }) => check.id))].sort();
}
