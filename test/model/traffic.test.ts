/** The address of the read-write Service, over every class of what an agent can see. */
import { leaseDuration, snapshots } from './classes';
import { addressToRemove } from '../../src/agent/core/traffic';
import type { Snapshot } from '../../src/agent/core/types';

const leads = (s: Snapshot) => s.postgres.kind === 'primary' && s.lease.kind === 'mine';
const candidates = (s: Snapshot) => s.peers.filter((p) => !p.leaving && p.report?.role === 'standby' && p.report.unfit === null).length;
const openFor = (s: Snapshot) => (s.lease.kind === 'free' ? s.now - s.lease.since : 0);

const PROMISES: Readonly<Record<string, readonly [applies: (s: Snapshot) => boolean, wanted: (answer: string) => boolean]>> = {
  'a leader keeps its address': [leads, (whose) => whose === 'none'],
  'while somebody can take over, nothing is changed before they do': [
    (s) => !leads(s) && candidates(s) > 0 && openFor(s) < leaseDuration && s.lease.kind === 'free', (whose) => whose === 'none',
  ],
  'with nobody to take over, the one that led takes its address away': [
    (s) => s.lease.kind === 'mine' && s.postgres.kind === 'stopped' && candidates(s) === 0, (whose) => whose === 'own',
  ],
  'when nobody has led for long, whosever address it is goes': [
    (s) => s.lease.kind === 'free' && openFor(s) > 2 * leaseDuration && !leads(s), (whose) => whose === 'any',
  ],
  'nobody takes away the address of somebody else who may lead': [(s) => s.lease.kind === 'theirs' && s.now - s.lease.since < leaseDuration, (whose) => whose === 'none'],
};

test.each(Object.entries(PROMISES))('%s', (_, [applies, wanted]) => {
  let times = 0;
  let broken: Snapshot | null = null;
  for (const s of snapshots()) {
    if (!applies(s)) continue;
    times++;
    if (!wanted(addressToRemove(s))) broken ??= s;
  }
  expect(broken).toBeNull();
  expect(times).toBeGreaterThan(0);
});
