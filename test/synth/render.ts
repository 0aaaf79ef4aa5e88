import { App, Chart, Size } from 'cdk8s';
import type { ApiObject } from 'cdk8s';
import type { ClusterSpec } from '../../src/contract';
import { SPEC_KEY } from '../../src/contract';
import { PostgresCluster, PostgresVersion } from '../../src/index';
import type { PostgresClusterProps } from '../../src/index';

/** A synthesized object; tests look wherever they like in it. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Manifest = any;

export const MINIMAL: PostgresClusterProps = { version: PostgresVersion.V17, storage: { size: Size.gibibytes(10) } };

/** A program with one cluster, `demo/orders`. */
export function program(props: Partial<PostgresClusterProps> = {}, namespace?: string): { chart: Chart; cluster: PostgresCluster } {
  const chart = new Chart(new App(), 'demo', { namespace });
  return { chart, cluster: new PostgresCluster(chart, 'orders', { ...MINIMAL, ...props }) };
}

export function render(props: Partial<PostgresClusterProps> = {}, namespace?: string): Manifests {
  return new Manifests(program(props, namespace).chart.toJson());
}

export class Manifests {
  constructor(readonly all: Manifest[]) {}

  one(kind: string, name: string): Manifest {
    const found = this.all.filter((object) => object.kind === kind && object.metadata.name === name);
    if (found.length !== 1) throw new Error(`expected one ${kind} ${name}, found ${found.length} among ${this.ids().join(', ')}`);
    return found[0];
  }

  ofKind(kind: string): Manifest[] {
    return this.all.filter((object) => object.kind === kind);
  }

  ids(): string[] {
    return this.all.map((object) => `${object.kind}/${object.metadata.name}`).sort();
  }

  /** The pod of an instance. */
  pod(instance = '1'): Manifest {
    return this.one('StatefulSet', `orders-${instance}`).spec.template;
  }

  container(name = 'postgres', instance = '1'): Manifest {
    const { containers, initContainers } = this.pod(instance).spec;
    return [...containers, ...initContainers].find((container: Manifest) => container.name === name);
  }

  spec(): ClusterSpec {
    return JSON.parse(this.one('ConfigMap', 'orders-spec').data[SPEC_KEY]);
  }
}

export function manifestOf(object: ApiObject): Manifest {
  return object.toJson();
}
