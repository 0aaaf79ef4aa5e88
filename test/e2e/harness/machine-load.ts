/**
 * How the machine of the tests was meanwhile: what tells a slow machine from a slow program when a time is missed. How long it kept somebody
 * waiting for its processors and its disk (Linux' pressure stall information), and when it stood still as a whole.
 */
import { readFileSync } from 'node:fs';
import { Client } from './client';
import type { Standstill } from '../clients/standstill';

export interface Load {
  /** Percent of the time in which at least one process had to wait; null where the kernel does not tell. */
  readonly pressure: { readonly [resource: string]: number } | null;
  readonly standstills: readonly Standstill[];
}

const RESOURCES = ['cpu', 'io', 'memory'] as const;

export class MachineLoad {
  readonly #watch = new Client([process.execPath, 'dist/e2e/standstill.js']);

  /** Call it at the beginning; what it returns tells the load since then. */
  start(): () => Promise<Load> {
    const began = Date.now();
    const before = stalls();
    return async () => {
      const after = stalls();
      const micros = (Date.now() - began) * 1000;
      return {
        pressure: before && after && Object.fromEntries(RESOURCES.map((name, index) => [name, Math.round((after[index] - before[index]) * 100 / micros)])),
        standstills: (await this.#watch.ask<readonly Standstill[]>('report')).filter(({ ended }) => ended > began),
      };
    };
  }

  close(): void {
    this.#watch.close();
  }
}

function stalls(): readonly number[] | null {
  try {
    return RESOURCES.map((name) => Number(/^some .*total=(\d+)/.exec(readFileSync(`/proc/pressure/${name}`, 'utf8'))?.[1]));
  } catch {
    return null;
  }
}
