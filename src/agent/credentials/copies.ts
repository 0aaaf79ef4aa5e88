/** Copies of the Secrets on the data volume: what an emptied Secret of the same cluster is refilled from (architecture.md 7). */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeDurably } from '../files.js';
import type { Copies, SecretData } from './types.js';

const COPY_VERSION = 1;
const copy = z.object({ v: z.literal(COPY_VERSION), data: z.record(z.string(), z.string()) });

export class VolumeCopies implements Copies {
  /** What is known to be on the disk, so that the everyday call touches no file. */
  private readonly saved = new Map<string, string>();

  /** `directory`: private to the agent, on the volume that holds the data. */
  constructor(private readonly directory: string) {}

  async read(secret: string): Promise<SecretData | null> {
    try {
      const text = await readFile(this.file(secret), 'utf8');
      const { data } = copy.parse(JSON.parse(text));
      this.saved.set(secret, text);
      return data;
    } catch {
      return null;
    }
  }

  async save(secret: string, data: SecretData): Promise<void> {
    const text = JSON.stringify({ v: COPY_VERSION, data: Object.fromEntries(Object.entries(data).sort()) });
    if (this.saved.get(secret) === text) return;
    await writeDurably(this.file(secret), text);
    this.saved.set(secret, text);
  }

  private file(secret: string): string {
    return join(this.directory, `${secret}.json`);
  }
}
