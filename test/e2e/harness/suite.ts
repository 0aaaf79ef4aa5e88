/**
 * Runs scenarios: those that leave the machine alone two at a time, each lane on a cluster that it keeps for as long as scenarios leave it
 * whole; then, one by one, those that cut nodes off, stop the API server or judge a time.
 */
import { appendFileSync, mkdirSync } from 'node:fs';
import { Cluster } from './cluster';
import { dump } from './dump';
import { MachineLoad } from './machine-load';
import { say } from './say';
import type { Scenario } from './scenario';
import { FIRST_HEALTHY_WITHIN_MS, RunningTrial, type Result } from './trial';
import type { Target } from '../target/target';

const LANES = 2;

export class Suite {
  readonly results: Result[] = [];
  readonly #load = new MachineLoad();
  #namespaces = 0;

  constructor(private readonly target: Target, private readonly run: string, readonly directory: string, private readonly keepFailed: boolean) {
    mkdirSync(directory, { recursive: true });
  }

  async runAll(scenarios: readonly Scenario[]): Promise<void> {
    const together = scenarios.filter(({ alone }) => alone !== true);
    const queue = [...together];
    await Promise.all(Array.from({ length: Math.min(LANES, together.length) }, () => this.#lane(queue)));
    await this.#lane(scenarios.filter(({ alone }) => alone === true));
    this.#load.close();
  }

  async #lane(queue: Scenario[]): Promise<void> {
    let kept: Cluster | null = null;
    for (let scenario = queue.shift(); scenario !== undefined; scenario = queue.shift()) {
      if (scenario.begins !== undefined) {
        const cluster = await this.#newCluster();
        await this.#end(cluster, await this.#try(scenario, cluster));
      } else {
        kept ??= await this.#wholeCluster(scenario);
        if (kept === null) continue;
        if (await this.#try(scenario, kept)) continue;
        await this.#end(kept, false);
        kept = null;
      }
    }
    await kept?.remove();
  }

  async #newCluster(): Promise<Cluster> {
    const namespace = `e2e-${this.run}-${++this.#namespaces}`;
    return Cluster.create(this.target, namespace, `${this.directory}/${namespace}`);
  }

  /** A cluster that does not even come up fails the scenario that it was made for. */
  async #wholeCluster(scenario: Scenario): Promise<Cluster | null> {
    const cluster = await this.#newCluster();
    try {
      await cluster.apply();
      await cluster.healthy(FIRST_HEALTHY_WITHIN_MS);
      return cluster;
    } catch (error) {
      await this.#finish(cluster, {
        scenario: scenario.name,
        passed: false,
        outageMs: null,
        acknowledged: null,
        lost: null,
        seconds: FIRST_HEALTHY_WITHIN_MS / 1000,
        figures: {},
        error: `the cluster did not come up: ${error instanceof Error ? error.message : String(error)}`,
      });
      await this.#end(cluster, false);
      return null;
    }
  }

  async #end(cluster: Cluster, passed: boolean): Promise<void> {
    if (passed || !this.keepFailed) return cluster.remove();
    cluster.close();
    say(`the namespace ${cluster.namespace} is kept as it is, until the next run`);
  }

  async #try(scenario: Scenario, cluster: Cluster): Promise<boolean> {
    say(`${cluster.namespace} ${scenario.name}: ${scenario.promise}`);
    const trial = new RunningTrial(scenario, cluster, this.#load);
    const result = await trial.run();
    await this.#finish(cluster, result);
    trial.close();
    return result.passed;
  }

  async #finish(cluster: Cluster, result: Result): Promise<void> {
    this.results.push(result);
    const { error, ...rest } = result;
    console.log(JSON.stringify(rest));
    appendFileSync(`${this.directory}/results.jsonl`, `${JSON.stringify(result)}\n`);
    if (error === undefined) return;
    const directory = `${this.directory}/${cluster.namespace}/${result.scenario}`;
    const problems = await dump(cluster, directory);
    say([`FAILED ${result.scenario} in namespace ${cluster.namespace}: ${error}`, ...problems, `what there was to see: ${directory}`].join('\n          '));
  }
}
