/** What a person should know of the volumes: that one is full or filling, and that one has grown. */
import { join } from 'node:path';
import { z } from 'zod';
import type { Duty } from './duty.js';
import { readIfPresent, writeDurably } from '../files.js';
import type { Events } from '../kube/types.js';
import { mebibytes, type Room, type VolumeWatch } from '../local/volumes.js';
import type { ProblemBoard } from '../problems.js';

export interface VolumesContext {
  readonly volumes: VolumeWatch;
  readonly problems: ProblemBoard;
  readonly events: Events;
  /** On the data volume: sizes are remembered across restarts, because some storage grows only while nothing uses it. */
  readonly stateDir: string;
  readonly log: (message: string, details: object) => void;
  /** The state of being full has begun or ended. */
  readonly changed: () => void;
}

const sizes = z.record(z.string(), z.string().regex(/^\d+$/));

export function volumesDuty(context: VolumesContext): Duty {
  const { volumes, problems } = context;
  const file = join(context.stateDir, 'volume-sizes.json');
  let known: Record<string, string> | null = null;
  let wasFull: string | null = null;
  return {
    name: 'Volumes',
    every: 2_000,
    async run() {
      await volumes.refresh();
      const { rooms, full } = volumes;
      problems.set('VolumeFull', full === null ? null : `${full}; free some, or let the volume grow`);
      problems.set('VolumeFilling', fillingOf(rooms));
      if (full !== wasFull) context.changed();
      wasFull = full;

      known ??= await readSizes(file);
      const before = known;
      const now = { ...before, ...Object.fromEntries(rooms.map(({ mount, size }) => [mount.path, String(size)])) };
      known = now;
      for (const { mount, size } of rooms.filter((room) => room.size > BigInt(before[room.mount.path] ?? room.size))) {
        const note = `the volume for ${mount.name} (${mount.path}) has grown from ${mebibytes(BigInt(before[mount.path]!))} to ${mebibytes(size)}`;
        context.log(note, {});
        context.events.tell('Normal', 'VolumeGrown', note);
      }
      // A full volume is left alone; what has changed meanwhile is told all the same, and written when there is room.
      if (full === null && rooms.some((room) => before[room.mount.path] !== String(room.size))) await writeDurably(file, JSON.stringify(now));
    },
  };
}

function fillingOf(rooms: readonly Room[]): string | null {
  const filling = rooms.filter((room) => room.filling && !room.full).map(({ mount, size }) => `${mount.name} (${mount.path}) has less than 10 % of ${mebibytes(size)} free`);
  return filling.length === 0 ? null : `the volume for ${filling.join(', ')}; let it grow before it is full`;
}

async function readSizes(file: string): Promise<Record<string, string>> {
  const text = await readIfPresent(file);
  try {
    return text === undefined ? {} : sizes.parse(JSON.parse(text));
  } catch {
    // A file of no consequence: the next one replaces it.
    return {};
  }
}
