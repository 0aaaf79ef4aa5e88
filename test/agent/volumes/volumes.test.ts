/** Room on volumes: when one counts as full, and what a person is told of it. That a real one fills and grows is seen end to end. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import * as files from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { volumesDuty } from '../../../src/agent/duties/volumes.js';
import { VolumeWatch } from '../../../src/agent/local/volumes.js';
import { ProblemBoard } from '../../../src/agent/problems.js';

jest.mock('node:fs/promises', () => ({ ...jest.requireActual<typeof files>('node:fs/promises'), statfs: jest.fn() }));

const MIB = 1024n * 1024n;
let now = 0;
let told: string[] = [];
let stateDir = '';

/** In blocks of a mebibyte. */
function disk(size: bigint, free: bigint, inodes = 100_000n): void {
  jest.mocked(files.statfs).mockResolvedValue({ bsize: MIB, blocks: size, bfree: free, bavail: free, files: inodes, ffree: inodes } as never);
}

function watch(): VolumeWatch {
  return new VolumeWatch([{ label: 'data', name: 'data', path: '/pgdata' }], () => now);
}

async function fullAfter(volumes: VolumeWatch, size: bigint, free: bigint, inodes?: bigint): Promise<boolean> {
  disk(size, free, inodes);
  await volumes.refresh();
  return volumes.full !== null;
}

function duty(volumes: VolumeWatch) {
  const log = { info: () => undefined, warn: () => undefined };
  const events = { tell: (type: string, reason: string, note: string) => { told.push(`${type} ${reason}: ${note}`); } };
  const problems = new ProblemBoard(log as never, events);
  const made = volumesDuty({ volumes, problems, events, stateDir, log: () => undefined, changed: () => { told.push('changed'); } });
  return { run: () => made.run(), problems };
}

beforeEach(() => {
  now = 1_000;
  told = [];
  stateDir = mkdtempSync(join(tmpdir(), 'volumes-'));
});

test('a volume is full below two segments, and has room again when four have been free for half a minute', async () => {
  const volumes = watch();
  expect(await fullAfter(volumes, 500n, 32n)).toBe(false);
  expect(await fullAfter(volumes, 500n, 31n)).toBe(true);
  expect(await fullAfter(volumes, 500n, 63n)).toBe(true);
  now += 29_000;
  expect(await fullAfter(volumes, 500n, 64n)).toBe(true);
  now += 1_000;
  expect(await fullAfter(volumes, 500n, 64n)).toBe(false);
  expect(await fullAfter(volumes, 500n, 40n)).toBe(false);
});

test('a volume that can take no more files is full, and one without such a limit is not', async () => {
  expect(await fullAfter(watch(), 500n, 400n, 999n)).toBe(true);
  expect(await fullAfter(watch(), 500n, 400n, 0n)).toBe(false);
});

test('what cannot be measured is not called full', async () => {
  jest.mocked(files.statfs).mockRejectedValue(new Error('stale file handle'));
  const volumes = watch();
  await volumes.refresh();
  expect(volumes.full).toBeNull();
});

test('full and filling are told once each, in words that stay the same while the bytes change, and are over when they are', async () => {
  const volumes = watch();
  const { run, problems } = duty(volumes);
  for (const free of [45n, 44n]) {
    disk(500n, free);
    await run();
    expect(problems.current).toEqual([{ code: 'VolumeFilling', message: 'the volume for data (/pgdata) has less than 10 % of 500 MiB free; let it grow before it is full' }]);
  }
  for (const free of [20n, 19n]) {
    disk(500n, free);
    await run();
    expect(problems.current.map(({ code }) => code)).toEqual(['VolumeFull']);
  }
  disk(500n, 400n);
  now += 30_000;
  await run();
  expect(problems.current).toEqual([]);
  expect(told.filter((text) => text.startsWith('Warning'))).toHaveLength(2);
  expect(told.filter((text) => text === 'changed')).toHaveLength(2);
});

test('growth is told once, also when it happened while the agent was away', async () => {
  disk(500n, 400n);
  await duty(watch()).run();
  disk(700n, 600n);
  const second = duty(watch());
  await second.run();
  await second.run();
  expect(told).toEqual(['Normal VolumeGrown: the volume for data (/pgdata) has grown from 500 MiB to 700 MiB']);
  expect(readFileSync(join(stateDir, 'volume-sizes.json'), 'utf8')).toBe(`{"/pgdata":"${700n * MIB}"}`);
});

test('what is remembered of sizes may be lost or damaged without harm', async () => {
  writeFileSync(join(stateDir, 'volume-sizes.json'), '{"/pgdata":');
  disk(500n, 400n);
  await duty(watch()).run();
  expect(told).toEqual([]);
  expect(readFileSync(join(stateDir, 'volume-sizes.json'), 'utf8')).toContain(`${500n * MIB}`);
});
