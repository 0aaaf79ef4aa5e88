/** Guards of the agent, each with the change that takes it away. The text must still be there: a guard that was rewritten needs its mutation rewritten. */
import type { ScenarioName } from './simulation/scenarios';

export interface Mutation {
  readonly broken: string;
  /** Under the repository's root. */
  readonly file: string;
  readonly replace: string;
  readonly by: string;
  /** Who must notice: the exhaustive test of decide, the promises of the LeaseKeeper, or so many runs of a scenario. */
  readonly noticedBy: 'decide' | 'keeper' | { readonly scenario: ScenarioName; readonly within: number };
}

const core = (name: string): string => `src/agent/core/${name}.ts`;
const chaos = (within: number): Mutation['noticedBy'] => ({ scenario: 'chaos', within });

export const MUTATIONS: readonly Mutation[] = [
  {
    broken: 'the grant never ends (I1)', noticedBy: 'decide',
    file: core('lease'), replace: 'lease.grantedAt + lease.timing.fenceAfter', by: 'Infinity',
  },
  {
    broken: 'PostgreSQL is promoted without a valid grant (I7)', noticedBy: 'decide',
    file: core('leader'), replace: 'if (!mayWrite(s)) return', by: 'if (s.now < 0) return',
  },
  {
    broken: 'whoever does not hold the Lease gets time for a fast stop (I2)', noticedBy: 'decide',
    file: core('fence'), replace: ': \'immediate\';', by: ': \'fast\';',
  },
  {
    broken: 'the Lease of another is claimed without waiting (I4)', noticedBy: chaos(20),
    file: core('lease'), replace: 's.now >= open ? open : null', by: 'open',
  },
  {
    broken: 'a free lock is no part of the proof that a predecessor is dead (I4)', noticedBy: 'decide',
    file: core('lease'), replace: 'if (s.postgres.kind !== \'stopped\' || !s.postgres.lockFree) return false;', by: '',
  },
  {
    broken: 'a grant counts from the answer (I2)', noticedBy: 'keeper',
    file: 'src/agent/lease-keeper.ts', replace: 'this.#see({ kind: \'present\', record: result.value }, sentAt);',
    by: 'this.#see({ kind: \'present\', record: result.value }, sentAt === undefined ? sentAt : this.clock.now());',
  },
  {
    broken: 'an own Lease that is found grants as if it had just been asked for (I2)', noticedBy: 'keeper',
    file: 'src/agent/lease-keeper.ts', replace: ': -Infinity);', by: ': this.clock.now());',
  },
  {
    broken: 'an old answer counts as much as a new one (I5)', noticedBy: 'keeper',
    file: 'src/agent/lease-keeper.ts', replace: 'if (epoch !== this.#epoch || number < this.#newestRead) return;', by: '',
  },
  {
    broken: 'a release that may still arrive leaves the grant', noticedBy: 'keeper',
    file: 'src/agent/lease-keeper.ts', replace: 'if (this.#view.kind === \'mine\') this.#view = { ...this.#view, grantedAt: -Infinity };', by: '',
  },
  {
    broken: 'the deadman is never armed (I6)', noticedBy: { scenario: 'grants', within: 20 },
    file: 'test/model/simulation/container.ts', replace: '() => this.#deadlinePassed()', by: '() => undefined',
  },
  {
    broken: 'the deadman gives as long as the Lease lasts (I6)', noticedBy: { scenario: 'grants', within: 100 },
    file: core('lease'), replace: 'lease.grantedAt + lease.timing.killAfter', by: 'lease.grantedAt + lease.timing.leaseDuration + 2_000',
  },
  {
    broken: 'the deadman is disarmed while PostgreSQL is being promoted (I6)', noticedBy: { scenario: 'grants', within: 400 },
    file: 'src/agent/loop.ts', replace: '|| this.#flight?.action.do === \'promote\'', by: '',
  },
  {
    broken: 'anybody is eligible (I10, I40)', noticedBy: 'decide',
    file: core('election'), replace: 'if (position.timeline < leader.timeline) {', by: 'if (position.timeline > 0) return null;\n  if (position.timeline < leader.timeline) {',
  },
  {
    broken: 'nobody waits for a better candidate (I10)', noticedBy: { scenario: 'mostAdvanced', within: 20 },
    file: core('election'), replace: 'return { kind: \'wait\', code: \'WaitingForBetterCandidate\'', by: 'return { kind: \'claim\' };\n  return { kind: \'wait\', code: \'WaitingForBetterCandidate\'',
  },
  {
    broken: 'the rest of a crashed primary\'s WAL is not fetched (I38)', noticedBy: { scenario: 'crash', within: 20 },
    file: core('leader'), replace: '&& s.handover === \'pending\'', by: '&& s.now < 0',
  },
  {
    broken: 'nobody waits for a leader that stopped last', noticedBy: { scenario: 'stopAll', within: 20 },
    file: core('election'), replace: 'export const RETURN_PATIENCE: Milliseconds = 15_000;', by: 'export const RETURN_PATIENCE: Milliseconds = 0;',
  },
  {
    broken: 'after an outage everybody claims at once', noticedBy: { scenario: 'apiOutage', within: 20 },
    file: core('lease'), replace: 'Math.max(s.lease.since + patience(s), s.apiSince + 2 * renewInterval + requestTimeout)', by: 's.lease.since + patience(s)',
  },
  {
    broken: 'a claim reserves no new timeline (I28)', noticedBy: 'decide',
    file: core('election'), replace: 'Math.max(mine.timeline, reserved) + 1', by: 'mine.timeline + 1',
  },
  {
    broken: 'a former primary goes on, although a later timeline may have been made (I28)', noticedBy: 'decide',
    file: core('election'), replace: '&& s.data.end.timeline >= reserved;', by: ';',
  },
  {
    broken: 'whoever has data records it, whoever has the claim (I21)', noticedBy: 'decide',
    file: core('leader'), replace: 'if (s.state.initClaim !== s.me.bootId) return { action: { do: \'claimInit\' }, reason: \'the new', by: 'if (s.now < 0) return { action: { do: \'claimInit\' }, reason: \'the new',
  },
  {
    broken: 'an initdb that came too late makes no room', noticedBy: chaos(400),
    file: core('decide'), replace: '|| !s.data.fresh) return false;', by: '|| s.now > 0) return false;',
  },
  {
    broken: 'a second restore of the same backup counts as the cluster\'s data (I19)', noticedBy: 'decide',
    file: core('decide'), replace: '|| (s.state.founder !== null && s.data.incarnation !== s.state.founder);', by: ';',
  },
  {
    broken: 'a second restore of the same backup follows (I19)', noticedBy: 'decide',
    file: core('follower'), replace: 'if (data.fresh) return', by: 'if (s.now < 0) return',
  },
  {
    broken: 'a cluster that is to be restored begins empty (I41)', noticedBy: 'decide',
    file: core('leader'), replace: 's.spec.origin === \'backup\'', by: 's.now < 0',
  },
  {
    broken: 'a cluster whose volumes went with its pods begins anew where its state object is gone too (I41)', noticedBy: 'decide',
    file: core('claim'), replace: '&& !hasLived', by: '',
  },
  {
    broken: 'an empty cluster is begun beside a volume with data (I41)', noticedBy: 'decide',
    file: core('bootstrap'), replace: 'givenVolume === true && name', by: 'givenVolume === true && s.now < 0 && name',
  },
  {
    broken: 'the leader of such a cluster makes an empty one (I41)', noticedBy: 'decide',
    file: core('leader'), replace: 'if (lease.record.leader.systemId !== null) return letGo(', by: 'if (s.now < 0) return letGo(',
  },
  {
    broken: 'a former primary on the leader\'s timeline just follows', noticedBy: 'decide',
    file: core('follower'), replace: '&& !(sameNumber && data.wasPrimary)', by: '',
  },
  {
    broken: 'a lost state object is not rebuilt', noticedBy: chaos(300),
    file: core('leader'), replace: 'if (s.state.kind === \'absent\') {', by: 'if (s.now < 0) {',
  },
  {
    broken: 'a full volume does not keep anybody from being elected (I30)', noticedBy: 'decide',
    file: core('election'), replace: 'if (s.full !== null) return s.full;', by: '',
  },
  {
    broken: 'a full former primary does not look for one with room (I30)', noticedBy: 'decide',
    file: core('election'), replace: 'if (alone && others.length > 0) return', by: 'if (s.now < 0) return',
  },
  {
    broken: 'what died of a full volume is started again at once (I30)', noticedBy: 'decide',
    file: core('room'), replace: 's.now - s.crash.at < START_AGAIN', by: 's.now < 0',
  },
  {
    broken: 'a full primary hands over to one that is full too (I30)', noticedBy: 'decide',
    file: core('successor'), replace: '.filter((report) => report.role === \'standby\' && report.unfit === null &&', by: '.filter((report) => report.role === \'standby\' &&',
  },
  {
    broken: 'two agents work on one volume at a time', noticedBy: { scenario: 'forceDelete', within: 400 },
    file: 'test/model/simulation/volume.ts', replace: 'return this.#agent === container;', by: 'return true;',
  },
  {
    broken: 'a switchover goes to whoever is named, fit or not (I17)', noticedBy: 'decide',
    file: core('switchover'), replace: 'if (report.unfit !== null) return report.unfit;', by: '',
  },
  {
    broken: 'a switchover stops a primary although nobody could take over (I17)', noticedBy: 'decide',
    file: core('switchover'), replace: 'find(({ instance, why }) => why === null && (to', by: 'find(({ instance }) => (to',
  },
  {
    broken: 'a switchover that was asked for long ago is begun (I17)', noticedBy: 'decide',
    file: core('switchover'), replace: 's.now - s.switchover.askedAt > SWITCHOVER_WITHIN', by: 's.now < 0',
  },
  {
    broken: 'nobody waits for whom a switchover has chosen (I17)', noticedBy: 'decide',
    file: core('election'), replace: 'return (3 + place) * PATIENCE;', by: 'return 0;',
  },
  {
    broken: 'a switchover does not say whom it has chosen (I17)', noticedBy: { scenario: 'asked', within: 40 },
    file: core('leave'), replace: '...to === null ? {} : { to }', by: '',
  },
  {
    broken: 'a candidate goes by its own timing, whatever the holder wrote (I2)', noticedBy: 'decide',
    file: core('lease'), replace: 'return Math.max(leaseDuration, s.lease.record.duration);', by: 'return leaseDuration;',
  },
  {
    broken: 'for a deleted Lease a candidate waits as its own timing says (I4)', noticedBy: 'decide',
    file: core('lease'), replace: 'return Math.max(leaseDuration, LONGEST_LEASE);', by: 'return leaseDuration;',
  },
  {
    broken: 'a shorter timing counts only when the answer is there (I2)', noticedBy: 'keeper',
    file: 'src/agent/lease-keeper.ts', replace: 'timing: tighter(view.timing, by) };', by: 'timing: view.timing };',
  },
  {
    broken: 'a longer timing counts before the answer is there (I2)', noticedBy: 'keeper',
    file: 'src/agent/lease-keeper.ts', replace: 'timing: tighter(view.timing, by) };', by: 'timing: by };',
  },
  {
    broken: 'a grant is renewed as the spec says, and not as it needs itself', noticedBy: { scenario: 'timing', within: 40 },
    file: 'src/agent/lease-keeper.ts', replace: 'Math.min(this.#view.timing.renewInterval, renewInterval)', by: 'renewInterval',
  },
  {
    broken: 'an old grant takes a shorter timing at once', noticedBy: 'keeper',
    file: 'src/agent/lease-keeper.ts', replace: 'return now - grantedAt <= 2 * wanted.renewInterval ? wanted : timing;', by: 'return wanted;',
  },
];
