/** Size and free space of this instance's volumes. Looked at one by one: a volume that hangs takes one of the process' few threads, not all of them. */
import { statfs } from 'node:fs/promises';
import type { Sample } from './registry.js';
import type { Duty } from '../duties/duty.js';

interface Space {
  readonly size: number;
  readonly available: number;
}

export class VolumeWatch implements Duty {
  readonly name = 'Volumes';
  readonly every = 10_000;
  #spaces: ReadonlyMap<string, Space> = new Map();

  /** Where each volume is mounted, by the name that it has in the metrics. */
  constructor(private readonly mounts: () => Readonly<Record<string, string>>) {}

  async run(): Promise<void> {
    const spaces = new Map<string, Space>();
    for (const [volume, path] of Object.entries(this.mounts())) {
      const { bsize, blocks, bavail } = await statfs(path);
      spaces.set(volume, { size: bsize * blocks, available: bsize * bavail });
    }
    this.#spaces = spaces;
  }

  sizes(): readonly Sample[] {
    return this.#samples(({ size }) => size);
  }

  available(): readonly Sample[] {
    return this.#samples(({ available }) => available);
  }

  #samples(of: (space: Space) => number): readonly Sample[] {
    return [...this.#spaces].map(([volume, space]) => ({ labels: { volume }, value: of(space) }));
  }
}
