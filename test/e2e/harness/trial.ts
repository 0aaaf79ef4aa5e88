/** One scenario on one cluster: the clients beside it, what must be true afterwards, and everything worth keeping when it is not. */
import assert from 'node:assert/strict';
import type { Client } from './client';
import type { Access, Cluster } from './cluster';
import { fencesOf } from './fences';
import type { Ledger } from './ledger';
import type { Load, MachineLoad } from './machine-load';
import { startClient, startClientInNode } from './placement';
import { Probes, type Overlap } from './probes';
import { say } from './say';
import type { Figures, Scenario, Trial } from './scenario';
import { eventually, now, yes } from './wait';
import { startLedger } from './workload';
import type { Standstill } from '../clients/standstill';
import type { Machine } from '../target/machine';

export const FIRST_HEALTHY_WITHIN_MS = 180_000;
const HEALTHY_WITHIN_MS = 120_000;
const SERVED_WITHIN_MS = 60_000;
const STEADY_MS = 500;

export interface Result {
  readonly scenario: string;
  readonly passed: boolean;
  readonly outageMs: number | null;
  readonly acknowledged: number | null;
  readonly lost: number | null;
  readonly seconds: number;
  readonly figures: Figures;
  readonly error?: string;
}

export class RunningTrial implements Trial {
  #ledger: Ledger | null = null;
  #probes: Probes | null = null;
  #probeClients: Client[] = [];
  #access: Access | null = null;
  readonly #loadSince: () => Promise<Load>;

  constructor(readonly scenario: Scenario, readonly cluster: Cluster, machineLoad: MachineLoad) {
    this.#loadSince = machineLoad.start();
  }

  get ledger(): Ledger { return this.#ledger ?? missing('the clients have not been started'); }
  get probes(): Probes { return this.#probes ?? missing('the clients have not been started'); }
  get machine(): Machine { return this.cluster.target.machine ?? missing('there are no faults below Kubernetes here'); }

  // Fields, not methods: scenarios take them out of the trial.
  readonly step = (text: string): void => {
    say(`${this.cluster.namespace} ${this.scenario.name}: ${text}`);
  };

  readonly startClients = async (service?: string): Promise<void> => {
    const { cluster } = this;
    this.#access = await cluster.access();
    this.#ledger = await startLedger(cluster, await cluster.access(service));
    this.#probeClients.push(startClient(cluster, 'probe'));
    this.#probes = new Probes(this.#probeClients, (pod) => ({ ...this.#access, host: pod.ip }));
    cluster.pods.onChange((pod) => this.#probes?.watch(pod));
  };

  readonly probeFromNode = (node: string): void => {
    const client = startClientInNode(this.cluster, node, 'probe');
    const own = new Probes([client], (pod) => ({ ...this.#access, host: pod.ip }));
    this.cluster.pods.onChange((pod) => { if (pod.node === node) own.watch(pod); });
    this.#probeClients.push(client);
  };

  readonly overlaps = (): Promise<readonly Overlap[]> => this.probes.overlaps();

  readonly standstills = async (): Promise<readonly Standstill[]> => (await this.#loadSince()).standstills;

  async run(): Promise<Result> {
    const { scenario, cluster } = this;
    const began = now();
    const startedAt = new Date();
    let figures: Figures = {};
    try {
      await this.#begin();
      figures = await scenario.run(this) ?? {};
      await cluster.healthy(HEALTHY_WITHIN_MS);
      // Whole by its own word is not yet whole for a client: the nodes' proxies follow the EndpointSlice in their own time.
      await eventually('acknowledged writes at the end', { withinMs: SERVED_WITHIN_MS }, async () => yes((await this.ledger.report()).steadyMs >= STEADY_MS));
      const report = await this.ledger.report();
      const balance = await this.ledger.verify();
      if (scenario.mayLose !== true) assert.equal(balance.lost, 0, `acknowledged rows are missing, the first of them ${balance.firstLost.join(', ')}`);
      const overlaps = await this.overlaps();
      if (scenario.judgesOverlaps !== true) assert.deepEqual(overlaps, [], 'two instances acknowledged writes at once');
      const load = await this.#loadSince();
      const fences = fencesOf(cluster.logs.since(startedAt), load.standstills);
      figures = { slowestRenewalMs: await cluster.slowestRenewalMs(), ...load, ...figures };
      if (scenario.fences !== true) {
        assert.deepEqual(fences.unexplained, [], 'a primary fenced itself although nothing took its Lease away');
        if (fences.excused > 0) figures = { ...figures, excusedFences: fences.excused };
      }
      const { acknowledged, lost } = balance;
      return { scenario: scenario.name, passed: true, outageMs: report.longestMs, acknowledged, lost, seconds: seconds(began), figures };
    } catch (error) {
      const report = await this.#ledger?.report().catch(() => null) ?? null;
      return {
        scenario: scenario.name,
        passed: false,
        outageMs: report?.longestMs ?? null,
        acknowledged: report?.acknowledged ?? null,
        lost: null,
        seconds: seconds(began),
        figures: { ...await this.#loadSince(), ...figures },
        error: error instanceof Error ? error.stack ?? error.message : String(error),
      };
    }
  }

  async #begin(): Promise<void> {
    const { begins } = this.scenario;
    if (begins === 'nothing') return;
    if (begins !== undefined) {
      await this.cluster.apply(begins);
      await this.cluster.healthy(FIRST_HEALTHY_WITHIN_MS);
    }
    await this.startClients();
  }

  close(): void {
    this.#ledger?.close();
    for (const client of this.#probeClients) client.close();
    this.#probes = null;
  }
}

function seconds(began: number): number {
  return Math.round((now() - began) / 100) / 10;
}

function missing(what: string): never {
  throw new Error(what);
}
