/**
 * The tail of WAL that a crashed primary wrote and a candidate lacks (I38), from the one's pg_wal to the other's restore_command.
 *
 * Whole segments from their beginning, because that is what recovery asks for; only their valid bytes travel. On the wire each file is a
 * line of JSON and then its bytes, and a last line says that nothing is missing.
 */
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { readControlData } from './controldata.js';
import { syncDirectory, unlessAbsent } from '../files.js';
import { readHistory, walDirectory } from './history.js';
import type { PostgresPaths, WalRange } from './types.js';
import { historyFileName, parseSegmentFileName, segmentBefore, segmentFileName, segmentOf, segmentStart } from '../core/lsn.js';

const CHUNK = 256 * 1024;

/** `bytes`: what follows. `size`: how long the file is to be, with zeros after those bytes. */
interface FileHeader {
  readonly name: string;
  readonly bytes: number;
  readonly size: number;
}

/** On the crashed primary, whose lock must be free. The stream fails when a segment is no longer there. */
export function sendWal(paths: PostgresPaths, range: WalRange): Readable {
  return Readable.from(frames(paths, range));
}

async function* frames(paths: PostgresPaths, range: WalRange): AsyncGenerator<Buffer> {
  const { segmentSize } = await readControlData(paths);
  for (const file of await filesOf(paths, range, segmentSize)) {
    yield Buffer.from(`${JSON.stringify(file)}\n`);
    yield* firstBytes(join(walDirectory(paths), file.name), file.bytes);
  }
  yield Buffer.from('{"end":true}\n');
}

async function filesOf(paths: PostgresPaths, { timeline, from, end }: WalRange, segmentSize: number): Promise<FileHeader[]> {
  const files: FileHeader[] = [];
  const forks = timeline === 1 ? [] : await readHistory(paths, timeline);
  // The first segment of a timeline begins with a copy of its parent's last one.
  const timelineAt = (segment: bigint) => forks.find((fork) => segment < segmentOf(fork.lsn, segmentSize))?.timeline ?? timeline;
  const last = segmentBefore(end, segmentSize);
  for (let segment = segmentOf(from, segmentSize); segment <= last; segment++) {
    const bytes = segment === last ? Number(end - segmentStart(segment, segmentSize)) : segmentSize;
    files.push({ name: segmentFileName(timelineAt(segment), segment, segmentSize), bytes, size: segmentSize });
  }
  if (forks.length === 0) return files;
  // A candidate that has not seen this timeline yet could not tell that the segments continue its own.
  const history = historyFileName(timeline);
  const { size } = await stat(join(walDirectory(paths), history));
  return [{ name: history, bytes: size, size }, ...files];
}

async function* firstBytes(path: string, count: number): AsyncGenerator<Buffer> {
  const file = await open(path, 'r');
  try {
    for (let position = 0; position < count;) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(Math.min(CHUNK, count - position)), 0, undefined, position);
      if (bytesRead === 0) throw new Error(`${path} ends after ${position} bytes, ${count} are needed`);
      yield buffer.subarray(0, bytesRead);
      position += bytesRead;
    }
  } finally {
    await file.close();
  }
}

/**
 * On the candidate. All is on disk when it resolves; when the stream was cut or is malformed, nothing is left that recovery could find.
 * Then reload the server: its startup process wakes and asks restore_command.
 */
export async function receiveWal(paths: PostgresPaths, stream: AsyncIterable<Uint8Array>): Promise<{ files: string[]; bytes: number }> {
  await clearHandover(paths);
  await mkdir(paths.handoverDir, { recursive: true, mode: 0o700 });
  const input = new Frames(stream);
  const received: FileHeader[] = [];
  for (let header = await input.header(); header !== 'end'; header = await input.header()) {
    await store(join(paths.handoverDir, `.${header.name}`), header, input);
    received.push(header);
  }
  // The history file first, so that it is there when recovery asks for the segments' timeline.
  for (const { name } of received) await rename(join(paths.handoverDir, `.${name}`), join(paths.handoverDir, name));
  await syncDirectory(paths.handoverDir);
  return { files: received.map(({ name }) => name), bytes: received.reduce((sum, { bytes }) => sum + bytes, 0) };
}

/** At start, after the promotion, and before following anybody: recovery would put a stale segment in the place of a newer one. */
export async function clearHandover(paths: PostgresPaths): Promise<void> {
  for (const name of await readdir(paths.handoverDir).catch(unlessAbsent) ?? []) await rm(join(paths.handoverDir, name));
}

async function store(path: string, header: FileHeader, input: Frames): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    for await (const chunk of input.body(header.bytes)) await file.write(chunk);
    await file.truncate(header.size);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Cuts a byte stream into headers and bodies. */
class Frames {
  private rest: Uint8Array = new Uint8Array();
  private readonly chunks: AsyncIterator<Uint8Array>;

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.chunks = stream[Symbol.asyncIterator]();
  }

  async header(): Promise<FileHeader | 'end'> {
    let newline: number;
    while ((newline = this.rest.indexOf(0x0a)) < 0) {
      if (this.rest.length > 1000) throw new Error('the stream of WAL is malformed: no header where one must be');
      this.rest = Buffer.concat([this.rest, await this.next()]);
    }
    const line: unknown = JSON.parse(Buffer.from(this.rest.subarray(0, newline)).toString('utf8'));
    this.rest = this.rest.subarray(newline + 1);
    return isEnd(line) ? 'end' : checkedHeader(line);
  }

  async* body(bytes: number): AsyncGenerator<Uint8Array> {
    for (let left = bytes; left > 0;) {
      if (this.rest.length === 0) this.rest = await this.next();
      const chunk = this.rest.subarray(0, left);
      this.rest = this.rest.subarray(chunk.length);
      left -= chunk.length;
      yield chunk;
    }
  }

  private async next(): Promise<Uint8Array> {
    const { done, value } = await this.chunks.next();
    if (done) throw new Error('the stream of WAL was cut before its end');
    return value;
  }
}

function isEnd(line: unknown): boolean {
  return typeof line === 'object' && line !== null && 'end' in line;
}

/** A peer's word becomes a file name here, so it must be one of WAL. */
function checkedHeader(line: unknown): FileHeader {
  const { name, bytes, size } = (line ?? {}) as Partial<Record<keyof FileHeader, unknown>>;
  if (typeof name === 'string' && isCount(bytes) && isCount(size) && bytes <= size) {
    if (/^[0-9A-F]{8}\.history$/.test(name)) return { name, bytes, size };
    if (size >= 1 << 20 && size <= 1 << 30 && parseSegmentFileName(name, size)) return { name, bytes, size };
  }
  throw new Error(`the stream of WAL is malformed: ${JSON.stringify(line)} is no header of a segment or history file`);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
