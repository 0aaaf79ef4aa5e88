/** How much room is left on the volumes that PostgreSQL writes to (I30). */
import { statfs } from 'node:fs/promises';
import type { Milliseconds } from '../core/types.js';
import type { Volumes } from '../ports.js';

/** One of PostgreSQL's own write-ahead segments, as initdb makes them. */
const SEGMENT = 16n * 1024n * 1024n;
/** Below this, the next segment may be the one that PostgreSQL dies of. */
const FULL_BELOW = 2n * SEGMENT;
/**
 * A volume that was full is so until this much has been free for a while, lest roles move to and fro around one limit: a server that stops for
 * want of room removes write-ahead log as it stops.
 */
const ROOM_AGAIN_FROM = 4n * SEGMENT;
const ROOM_AGAIN_AFTER: Milliseconds = 30_000;
/** In percent of what users of the volume may fill. */
const FILLING_BELOW = 10n;
/** Files can run out before bytes do; file systems without such a limit say that they have none. */
const LEAST_FILES = 1_000n;

/** A volume by its name in metrics and its name for people, and a directory in it. */
export interface Mount {
  readonly label: string;
  readonly name: string;
  readonly path: string;
}

export interface Room {
  readonly mount: Mount;
  /** In bytes, as a user who is not root may fill it. */
  readonly size: bigint;
  readonly free: bigint;
  readonly full: boolean;
  /** When there was last not room enough; null: never. */
  readonly tightAt: Milliseconds | null;
  readonly filling: boolean;
}

export class VolumeWatch implements Volumes {
  #rooms: readonly Room[] = [];
  #looking: Promise<void> | null = null;

  constructor(private readonly mounts: readonly Mount[], private readonly now: () => Milliseconds) {}

  get rooms(): readonly Room[] { return this.#rooms; }

  /** Without the bytes that are left just now: the same state is the same sentence. */
  get full(): string | null {
    const full = this.#rooms.filter((room) => room.full).map(({ mount }) => `${mount.name} (${mount.path})`);
    return full.length === 0 ? null : `no room is left on the volume for ${full.join(', ')}: less than ${mebibytes(ROOM_AGAIN_FROM)} are free, or were just now`;
  }

  refresh(): Promise<void> {
    this.#looking ??= this.#look().finally(() => { this.#looking = null; });
    return this.#looking;
  }

  async #look(): Promise<void> {
    const rooms: Room[] = [];
    // One by one: a volume that hangs takes one of the process' few threads, not all of them.
    for (const mount of this.mounts) rooms.push(...await this.#measure(mount));
    this.#rooms = rooms;
  }

  /** What cannot be measured is left out: whether it can be used at all is seen by those who use it. */
  async #measure(mount: Mount): Promise<Room[]> {
    const stats = await statfs(mount.path, { bigint: true }).catch(() => null);
    if (stats === null) return [];
    const free = stats.bavail * stats.bsize;
    const size = (stats.blocks - stats.bfree + stats.bavail) * stats.bsize;
    const before = this.#rooms.find((room) => room.mount === mount);
    const fewFiles = stats.files > 0n && stats.ffree < LEAST_FILES;
    const tight = fewFiles || free < (before?.full === true ? ROOM_AGAIN_FROM : FULL_BELOW);
    const tightAt = tight ? this.now() : before?.tightAt ?? null;
    const full = tight || (before?.full === true && tightAt !== null && this.now() - tightAt < ROOM_AGAIN_AFTER);
    return [{ mount, size, free, full, tightAt, filling: free * 100n < size * FILLING_BELOW }];
  }
}

export function mebibytes(bytes: bigint): string {
  const whole = bytes / (1024n * 1024n);
  return whole >= 10_240n ? `${whole / 1024n} GiB` : `${whole} MiB`;
}
