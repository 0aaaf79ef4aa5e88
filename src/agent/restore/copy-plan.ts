/** Which backup of a cluster a new replica of it may begin with, and how far the archived log leads from there. No I/O. */
import type { RepoContents } from './catalog.js';
import { parseSegmentFileName, segmentStart } from '../core/lsn.js';
import type { Fork, Lsn } from '../core/types.js';

export interface Leader {
  readonly systemId: string;
  readonly timeline: number;
  /** The forks that led to its timeline. */
  readonly forks: readonly Fork[];
  readonly segmentSize: number;
}

export interface CopyPlan {
  readonly repo: number;
  readonly label: string;
  readonly timeline: number;
  /** Where recovery from the archive ends, and streaming begins; null for the end of the backup. */
  readonly position: Lsn | null;
}

/** In bytes. Of little data, so much log may be replayed; of more, as much as there is data: beyond that a new copy of the data is less work. */
const LITTLE = 2n ** 30n;

/** The newest that fits. `unfit`: why there is none. */
export function chooseCopy(repos: readonly RepoContents[], leader: Leader): CopyPlan | { readonly unfit: string } {
  const newest = repos
    .flatMap(({ repo, backups, lastSegment, systemId }) => backups.map((backup) => ({ repo, systemId, archivedTo: lastSegment, ...backup })))
    .sort((a, b) => b.stoppedAt - a.stoppedAt);
  if (newest.length === 0) return { unfit: 'no repo has a backup yet' };
  const verdicts = newest.map((backup) => ({ backup, ...judge(backup, leader) }));
  const fit = verdicts.find(({ unfit }) => unfit === null);
  if (fit === undefined) return { unfit: `no backup fits; the newest, ${newest[0]!.label}, ${verdicts[0]!.unfit!}` };
  const { backup: { repo, label }, position } = fit;
  return { repo, label, timeline: leader.timeline, position };
}

type Candidate = RepoContents['backups'][number] & { readonly systemId: string; readonly archivedTo: string | null };

function judge(backup: Candidate, leader: Leader): { readonly unfit: string | null; readonly position: Lsn | null } {
  const no = (unfit: string) => ({ unfit, position: null });
  if (backup.systemId !== leader.systemId) return no(`is of system ${backup.systemId}, not ${leader.systemId}`);
  const ended = parseSegmentFileName(backup.lastSegment, leader.segmentSize);
  const archived = parseSegmentFileName(backup.archivedTo ?? '', leader.segmentSize);
  if (ended === undefined || archived === undefined) return no('has no log in the archive');
  // Without log of its timeline, its history may not be there either.
  if (archived.timeline !== leader.timeline) return no(`is followed by no log of timeline ${leader.timeline} in the archive yet`);
  const left = leader.forks.find(({ timeline }) => timeline === ended.timeline)?.lsn ?? null;
  if (ended.timeline !== leader.timeline && (left === null || backup.stopLsn > left)) return no(`lies on timeline ${ended.timeline}, beside the way to timeline ${leader.timeline}`);
  const position = segmentStart(archived.segment, leader.segmentSize);
  const log = position - backup.stopLsn;
  const most = BigInt(backup.bytes) > LITTLE ? BigInt(backup.bytes) : LITTLE;
  if (log > most) return no(`is followed by ${log} bytes of log, which is more than the ${backup.bytes} bytes of data are worth`);
  return { unfit: null, position: log > 0n ? position : null };
}
