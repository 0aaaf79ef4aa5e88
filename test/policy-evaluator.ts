/** Which connections NetworkPolicies let pass, by the word of an evaluator that knows nothing of ours: cyclonus, built from Go's modules. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';

const CYCLONUS = 'github.com/mattfenwick/cyclonus/cmd/cyclonus@v0.5.6';
const TOOLS = resolve('dist/test-tools');

export interface Pod {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface Traffic {
  /** A pod, or an address. */
  readonly from: Pod | string;
  readonly to: Pod;
  readonly port: number;
}

/** Needs the network, once; some minutes the first time, for Go keeps what it has compiled. */
export async function buildEvaluator(): Promise<void> {
  await promisify(execFile)('go', ['install', CYCLONUS], { env: { ...process.env, GOBIN: TOOLS } });
}

/** The names of those flows that the policies among the manifests let pass. The evaluator must have been built. */
export async function passing(yaml: string, flows: Readonly<Record<string, Traffic>>): Promise<string[]> {
  const directory = mkdtempSync(join(tmpdir(), 'policies-'));
  try {
    const policies = parseAllDocuments(yaml).map((document) => document.toJS() as { kind: string }).filter(({ kind }) => kind === 'NetworkPolicy');
    writeFileSync(join(directory, 'policies.yaml'), JSON.stringify({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicyList', items: policies }));
    writeFileSync(join(directory, 'traffic.json'), JSON.stringify(Object.values(flows).map(({ from, to, port }) => (
      { Source: peer(from, '10.1.0.1'), Destination: peer(to, '10.1.0.2'), Protocol: 'TCP', ResolvedPort: port, ResolvedPortName: '' }))));
    const { stdout: told } = await promisify(execFile)(join(TOOLS, 'cyclonus'), [
      'analyze', '--mode', 'query-traffic', '--policy-path', join(directory, 'policies.yaml'), '--traffic-path', join(directory, 'traffic.json'),
    ]);
    const verdicts = [...told.matchAll(/IS ALLOWED\?\s*\|\s*(TRUE|FALSE)/g)].map(([, verdict]) => verdict === 'TRUE');
    const names = Object.keys(flows);
    if (verdicts.length !== names.length) throw new Error(`${verdicts.length} verdicts on ${names.length} flows:\n${told}`);
    return names.filter((_, index) => verdicts[index]);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function peer(who: Pod | string, ip: string): object {
  if (typeof who === 'string') return { IP: who };
  return { Internal: { PodLabels: who.labels, NamespaceLabels: { 'kubernetes.io/metadata.name': who.namespace }, Namespace: who.namespace }, IP: ip };
}
