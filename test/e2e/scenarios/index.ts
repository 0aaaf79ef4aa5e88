/** All scenarios, in the order in which they are taken up. */
import type { Scenario } from '../harness/scenario';
import { postmasterKilled } from './postmaster-killed';

export const SCENARIOS: readonly Scenario[] = [
  postmasterKilled,
];
