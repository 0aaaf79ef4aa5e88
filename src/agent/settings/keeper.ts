/**
 * The user's settings that are in force: the newest that are whole, that PostgreSQL takes, and that it has not failed to start with. What is
 * wrong with newer ones is told, and neither a reload nor a start nor a failover ever meets it.
 */
import { join } from 'node:path';
import type { Logger } from 'pino';
import { z } from 'zod';
import { complaints } from './trial.js';
import { settingsOfFiles, settingsOfProgram, valuesOf, type Settings } from './user-settings.js';
import type { ClusterSpec } from '../../contract/spec.js';
import type { Duty } from '../duties/duty.js';
import { readIfPresent, writeDurably } from '../files.js';
import type { ConfigFiles } from '../kube/config-files.js';
import type { PostgresPaths } from '../postgres/types.js';

type Values = Readonly<Record<string, string>>;

export interface UserSettingsContext {
  readonly files: ConfigFiles;
  readonly spec: () => Pick<ClusterSpec, 'parameters' | 'configuration'>;
  readonly paths: PostgresPaths;
  /** The whole configuration of a server with these. */
  readonly render: (settings: Values) => string;
  /** Others are in force. */
  readonly changed: () => void;
  readonly log: Logger;
}

/** On the data volume, where it outlives the pod. */
const kept = z.object({
  files: z.record(z.string(), z.object({ value: z.string(), from: z.string(), secret: z.boolean() })),
  program: z.record(z.string(), z.object({ value: z.string(), from: z.string(), secret: z.boolean() })),
  proven: z.record(z.string(), z.string()).nullable(),
});

interface State {
  /** Both parts have been taken by PostgreSQL together. */
  readonly files: Settings;
  readonly program: Settings;
  /** With these it has started; null where it has not yet. */
  readonly proven: Values | null;
}

export class UserSettings implements Duty {
  readonly name = 'Configuration';
  readonly every = 5_000;
  #state: State = { files: {}, program: {}, proven: null };
  /** Why PostgreSQL does not start with the newest; null where it does, or has not tried. The next life tries again: another image may bring the cure. */
  #failure: string | null = null;
  /** Something has been taken over, or found from an earlier life. */
  #known = false;
  #loaded: Promise<void> | null = null;
  /** What was refused last, and why: it is not tried again and again. */
  #refused = new Map<string, string>();

  constructor(private readonly context: UserSettingsContext) {}

  get known(): boolean { return this.#known; }

  get current(): Values {
    return this.#failure === null ? this.#newest : this.#state.proven ?? {};
  }

  get #newest(): Values {
    return valuesOf({ ...this.#state.files, ...this.#state.program });
  }

  async run(): Promise<void> {
    await (this.#loaded ??= this.#load());
    const { configuration = [], parameters } = this.context.spec();
    const faults: string[] = [];
    const files = await this.context.files.read(configuration).then(settingsOfFiles).catch((error: Error) => {
      faults.push(error.message);
      return this.#state.files;
    });
    const program = settingsOfProgram(parameters);
    const refused = this.#refused;
    this.#refused = new Map();
    // A fault in the one is no reason to hold the other back.
    for (const candidate of [{ files, program }, { files: this.#state.files, program }, { files, program: this.#state.program }]) {
      if (this.#known && sameSettings(candidate, this.#state)) break;
      const why = await this.#whyNot({ ...candidate.files, ...candidate.program }, refused);
      if (why === null) {
        this.#take(candidate);
        break;
      }
      if (!faults.includes(why)) faults.push(why);
    }
    if (this.#failure !== null) faults.push(this.#failure);
    if (faults.length > 0) throw new Error(`the last good settings stay in force: ${faults.join('; ')}`);
  }

  /** PostgreSQL runs, and was started with these. */
  proved(settings: Values): void {
    if (this.#state.proven !== null && same(settings, this.#state.proven)) return;
    this.#state = { ...this.#state, proven: settings };
    this.#keep();
  }

  /** PostgreSQL ended before it had begun to start. Where it has started with others before, it is given those. */
  failed(settings: Values, why: string): void {
    if (this.#failure !== null || !same(settings, this.#newest) || same(settings, this.#state.proven ?? {})) return;
    this.#failure = `PostgreSQL does not start with the newest ones: ${why}`;
    this.context.log.error({ why }, 'PostgreSQL does not start with the newest settings; it is started with those before');
  }

  async #whyNot(settings: Settings, refused: ReadonlyMap<string, string>): Promise<string | null> {
    const text = this.context.render(valuesOf(settings));
    const why = refused.get(text) ?? (await complaints(this.context.paths, text, settings)).join('; ');
    if (why === '') return null;
    this.#refused.set(text, why);
    return why;
  }

  #take({ files, program }: Pick<State, 'files' | 'program'>): void {
    const before = this.current;
    const settings = valuesOf({ ...files, ...program });
    // Of another set, nothing is known against it yet.
    if (!same(settings, this.#newest)) this.#failure = null;
    this.#state = { ...this.#state, files, program };
    this.#known = true;
    this.#keep();
    if (same(before, this.current)) return;
    this.context.log.info({ names: differing(before, this.current) }, 'other settings are in force');
    this.context.changed();
  }

  get #file(): string {
    return join(this.context.paths.stateDir, 'settings.json');
  }

  async #load(): Promise<void> {
    const text = await readIfPresent(this.#file).catch(() => undefined);
    if (text === undefined) return;
    try {
      this.#state = kept.parse(JSON.parse(text));
      this.#known = true;
    } catch (error) {
      this.context.log.warn({ err: error }, 'the settings of an earlier life cannot be read');
    }
  }

  /** Not waited for: a volume that is full or hangs is no reason not to go on, and other parts report it. */
  #keep(): void {
    writeDurably(this.#file, JSON.stringify(this.#state)).catch(() => undefined);
  }
}

function sameSettings(a: Pick<State, 'files' | 'program'>, b: Pick<State, 'files' | 'program'>): boolean {
  return same(valuesOf(a.files), valuesOf(b.files)) && same(valuesOf(a.program), valuesOf(b.program));
}

function same(a: Values, b: Values): boolean {
  return differing(a, b).length === 0;
}

function differing(a: Values, b: Values): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((name) => a[name] !== b[name]).sort();
}
