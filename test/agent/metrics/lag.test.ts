import { LagMeter } from '../../../src/agent/metrics/lag.js';

test('a replica that has replayed all that its primary has is not behind, however long the primary has been idle', () => {
  const lag = new LagMeter();
  for (let now = 0; now <= 60_000; now += 1_000) lag.observe(now, 100n, 100n);
  expect(lag.behindFor(60_000)).toBe(0);
});

test('a replica is as far behind as the oldest position that it lacks is old', () => {
  const lag = new LagMeter();
  lag.observe(0, 100n, 100n);
  lag.observe(1_000, 200n, 100n);
  lag.observe(2_000, 300n, 100n);
  expect(lag.behindFor(5_000)).toBe(4_000);
  lag.observe(5_000, 300n, 250n);
  expect(lag.behindFor(5_000)).toBe(3_000);
  lag.observe(6_000, 300n, 300n);
  expect(lag.behindFor(6_000)).toBe(0);
});

test('while nobody knows where the primary is, or the replica does not answer, the lag goes on growing', () => {
  const lag = new LagMeter();
  lag.observe(1_000, 200n, 100n);
  lag.observe(9_000, null, null);
  expect(lag.behindFor(9_000)).toBe(8_000);
});

test('a new primary that begins before the end of the old one is measured from its own beginning', () => {
  const lag = new LagMeter();
  lag.observe(0, 500n, 100n);
  lag.observe(10_000, 150n, 100n);
  expect(lag.behindFor(10_000)).toBe(0);
  expect(lag.behindFor(12_000)).toBe(2_000);
});

test('hours of lag are remembered in little memory, and never shortened', () => {
  const lag = new LagMeter();
  for (let now = 0; now < 20_000; now += 1) lag.observe(now, BigInt(now + 1), 0n);
  expect(lag.behindFor(20_000)).toBe(20_000);
  lag.observe(20_000, 20_001n, 10_000n);
  expect(lag.behindFor(20_000)).toBeGreaterThan(9_000);
  expect(lag.behindFor(20_000)).toBeLessThanOrEqual(10_000);
});
