/** The programs under test: what a user writes, synthesized to the YAML that Git would hold. */
import { App, Chart, Size } from 'cdk8s';
import { Cpu } from 'cdk8s-plus-28';
import { parseAllDocuments } from 'yaml';
import { PostgresCluster, PostgresVersion, type InstanceOptions, PostgresClusterProps } from '../../../src';
import type { Target } from '../target/target';

export const CLUSTER = 'orders';
export const USER = 'app';
export const ZONES = ['a', 'b', 'c'] as const;

/** One instance in each zone, so that a test knows which node it meets. */
export const INSTANCES: InstanceOptions[] = ZONES.map((zone, index) => ({ name: `${index + 1}`, zone }));

export interface Program {
  /** Instead of the everyday properties. */
  readonly props?: Partial<PostgresClusterProps>;
  /** What else the user's program does. */
  readonly also?: (chart: Chart, cluster: PostgresCluster) => void;
}

export function synthesize(target: Target, { props = {}, also }: Program = {}): string {
  const app = new App();
  const chart = new Chart(app, 'e2e');
  const cluster = new PostgresCluster(chart, CLUSTER, {
    version: PostgresVersion.V17,
    instanceList: INSTANCES,
    storage: { size: Size.gibibytes(1) },
    // Without a request, a pod gets processor time only when nothing else on its node wants it: no database of anybody's, nor one to judge.
    resources: { cpu: { request: Cpu.millis(200) } },
    images: target.images,
    ...props,
  });
  also?.(chart, cluster);
  return app.synthYaml().toString();
}

export interface SynthesizedObject {
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

/** The same, object by object. */
export function objectsOf(target: Target, program?: Program): readonly SynthesizedObject[] {
  return parseAllDocuments(synthesize(target, program)).map((document) => document.toJS() as SynthesizedObject);
}
