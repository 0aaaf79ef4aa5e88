import type { Result } from '../../../../src/agent/kube/types.js';

/** The value, or the failure as the test's own. */
export function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`${result.kind}: ${result.message}`);
  return result.value;
}

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let waited = 0; !await condition(); waited += 10) {
    if (waited >= 5_000) throw new Error('it did not happen within 5 s');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
