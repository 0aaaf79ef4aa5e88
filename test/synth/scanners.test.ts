import { yamlOf } from './example';
import { synthesize } from './programs';
import { checkov, kubeScore, type Findings } from './scanners';

const YAML = {
  'minimal': synthesize('minimal'),
  'full': synthesize('full'),
  'surroundings': synthesize('surroundings'),
  'minimal.ts': yamlOf('minimal.ts'),
  'production.ts': yamlOf('production.ts'),
  'platform.ts': yamlOf('platform.ts'),
};
type Name = keyof typeof YAML;

interface Explanation {
  readonly why: string;
  readonly kubeScore?: readonly string[];
  readonly checkov?: readonly string[];
  /** Where something is found; left out: everywhere. */
  readonly in?: readonly Name[];
}

/** Those that leave namespace and resources to whoever applies them. */
const SMALLEST: readonly Name[] = ['minimal', 'minimal.ts'];
/** Of whose pods those of the pooler have no container but the agent's. */
const WITH_POOLER: readonly Name[] = ['surroundings', 'production.ts'];
/** Those whose pods have more containers than the agent's. */
const WITH_BACKUPS: readonly Name[] = ['surroundings', 'production.ts', 'platform.ts'];

/** What the scanners find fault with and why it stays: each finding has a reason here, and each reason a finding. */
const STANDS: readonly Explanation[] = [
  {
    why: 'a database must start when its registry is down',
    kubeScore: ['container-image-pull-policy'],
    checkov: ['CKV_K8S_15'],
  },
  {
    why: 'the default images follow their minor version; "images" and RELATED_IMAGE_* take a digest',
    checkov: ['CKV_K8S_43'],
  },
  {
    why: 'the user id is the one of the image\'s own postgres user, and a prop: "uid"',
    kubeScore: ['container-security-context-user-group-id'],
    checkov: ['CKV_K8S_40'],
  },
  {
    why: 'the agent asks the API server, and is alone in its pod',
    checkov: ['CKV_K8S_38'],
    in: [...SMALLEST, 'full', ...WITH_POOLER],
  },
  {
    why: 'egress is limited only where the program says how the API server is reached: a primary that is cut off from it stops',
    kubeScore: ['pod-networkpolicy'],
  },
  {
    why: 'the agents keep the role label on the pods, because roles move',
    kubeScore: ['service-targets-pod'],
  },
  {
    why: 'a container that restarts or is not ready takes its pod out of the Services, and no trouble beside PostgreSQL may do that; what ends there its own init starts again',
    checkov: ['CKV_K8S_8', 'CKV_K8S_9'],
    in: WITH_BACKUPS,
  },
  {
    why: 'the namespace is the Chart\'s, or that of whoever applies it',
    checkov: ['CKV_K8S_21'],
    in: [...SMALLEST, 'surroundings', 'production.ts'],
  },
  {
    why: 'what a database needs, nobody can guess; "resources" says it',
    kubeScore: ['container-resources'],
    checkov: ['CKV_K8S_10', 'CKV_K8S_11', 'CKV_K8S_12', 'CKV_K8S_13'],
    in: [...SMALLEST, 'platform.ts'],
  },
  {
    why: 'not every cluster counts it; root file systems are read-only, and what grows has a volume',
    kubeScore: ['container-ephemeral-storage-request-and-limit'],
    in: [...SMALLEST, 'production.ts', 'platform.ts'],
  },
  {
    why: 'the program asks for a port of every node',
    kubeScore: ['service-type'],
    in: ['surroundings'],
  },
];

const SCAN_TIME = 15 * 60_000;
const found: { kubeScore: Findings; checkov: Findings } = { kubeScore: {}, checkov: {} };

/** The first time, kube-score is built and checkov installed. */
beforeAll(() => {
  found.kubeScore = kubeScore(YAML);
  found.checkov = checkov(YAML);
}, SCAN_TIME);

describe.each(['kubeScore', 'checkov'] as const)('%s', (scanner) => {
  test.each(Object.keys(YAML) as Name[])('finds nothing in %j but what is explained', (name) => {
    const explained = STANDS.filter((explanation) => explanation.in === undefined || explanation.in.includes(name)).flatMap((explanation) => explanation[scanner] ?? []);
    expect(found[scanner][name]).toEqual([...explained].sort());
  });
});
