import type { Decision, WaitCode } from './types.js';

export function wait(code: WaitCode, reason: string): Decision {
  return { action: { do: 'wait', code }, reason };
}
