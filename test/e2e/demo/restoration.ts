/** A second cluster, made from the first one's S3 repo as it was at a moment. */
import { Size } from 'cdk8s';
import { Application } from './application';
import { Bootstrap, RecoveryTarget } from '../../../src';
import { Cluster, NAMES } from '../harness/cluster';
import { Kubectl } from '../harness/kubectl';
import { CLUSTER, INSTANCES } from '../harness/program';
import type { S3Server } from '../harness/s3';
import { say } from '../harness/say';
import { eventually, now, yes } from '../harness/wait';
import type { Target } from '../target/target';

/** As in examples/production.ts. */
const PATH = '/orders';
const STORAGE = { size: Size.gibibytes(1) };

export class Restoration {
  /** What an earlier run has restored is taken away, beside the first steps. */
  static async prepare(target: Target, namespace: string): Promise<Restoration> {
    await new Kubectl(namespace).outcome(['delete', 'pods', '--all', '--force', '--grace-period=0', '--wait=false']);
    await new Kubectl('default').outcome(['delete', 'namespace', namespace, '--ignore-not-found', '--wait=false']);
    return new Restoration(target, namespace);
  }

  #cluster: Cluster | null = null;

  private constructor(private readonly target: Target, readonly namespace: string) {}

  /** The namespace that it is to be in, with access to the repo. */
  async makeRoom(s3: S3Server): Promise<void> {
    await eventually('the end of an earlier run\'s restored cluster', { withinMs: 120_000, everyMs: 500 }, async () => (
      yes((await new Kubectl('default').outcome(['get', 'namespace', this.namespace])).code !== 0)));
    this.#cluster = await Cluster.create(this.target, this.namespace, `dist/e2e/${this.namespace}`);
    await s3.giveAccess(this.#cluster);
  }

  async restore(s3: S3Server, moment: string): Promise<void> {
    const cluster = this.#cluster;
    if (cluster === null) throw new Error('there is no room for it yet');
    const began = now();
    say(`a second cluster in the namespace ${this.namespace}: Bootstrap.fromBackup({ repo, stanza: '${CLUSTER}', target: RecoveryTarget.time('${moment}') })`);
    const instanceList = INSTANCES.slice(0, 1);
    await cluster.apply({
      props: {
        instanceList,
        walStorage: STORAGE,
        tablespaces: [{ name: 'history', storage: STORAGE }],
        bootstrap: Bootstrap.fromBackup({ repo: s3.repo(PATH), stanza: CLUSTER, target: RecoveryTarget.time(moment) }),
      },
    });
    await cluster.healthy(240_000, instanceList.map(({ name }) => name));
    const application = new Application(cluster);
    await application.reaches(NAMES.readWriteService);
    const visits = await application.visits(NAMES.readWriteService);
    say(`restored in ${((now() - began) / 1000).toFixed(1)} s: the table is there again, with its ${visits} rows`);
  }

  close(): void {
    this.#cluster?.close();
  }
}
