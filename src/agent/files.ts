/** Small writes that are either wholly there after a power loss, or not at all. */
import { mkdir, open, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** A file of a mode that only we may read, unless another is given. */
export async function writeDurably(path: string, content: string | Uint8Array, mode = 0o600): Promise<void> {
  const directory = dirname(path);
  const temporary = join(directory, `.${basename(path)}.new`);
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const file = await open(temporary, 'w', mode);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    // Node names neither the file nor what to do.
    throw isNoSpace(error) ? new Error(`${path} cannot be written: ${NO_SPACE} on its volume; free some, or let the volume grow`, { cause: error }) : error;
  }
  await rename(temporary, path);
  await syncDirectory(directory);
}

export async function removeDurably(path: string): Promise<void> {
  await rm(path, { force: true });
  await syncDirectory(dirname(path)).catch(unlessAbsent);
}

export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

export async function readIfPresent(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(unlessAbsent);
}

/** What is in a directory, but for the lost+found of a fresh file system; undefined where there is no directory. */
export async function entriesOf(directory: string): Promise<string[] | undefined> {
  const entries = await readdir(directory).catch(unlessAbsent);
  return entries?.filter((name) => name !== 'lost+found');
}

/** For `catch`: a missing file is an answer, everything else is an error. */
export function unlessAbsent(error: unknown): undefined {
  if (isErrno(error, 'ENOENT')) return undefined;
  throw error;
}

const NO_SPACE = 'no space left';

/** Also when it is another program that says so. */
export function isNoSpace(error: unknown): boolean {
  return isErrno(error, 'ENOSPC') || isErrno(error, 'EDQUOT') || /no space left|disk quota exceeded/i.test(messageOf(error));
}

export function isErrno(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Tells whether it differed. For files in memory, which need not outlive a power loss. */
export async function replaceFile(file: string, text: string): Promise<boolean> {
  if (await readIfPresent(file) === text) return false;
  await overwriteFile(file, text);
  return true;
}

/** Whoever reads it meanwhile sees all of the old one or all of the new one. */
export async function overwriteFile(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text, { mode: 0o600 });
  await rename(`${file}.new`, file);
}
