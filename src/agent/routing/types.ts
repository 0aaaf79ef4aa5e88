/** Where the read-write Service leads (architecture.md 5). Correctness never depends on it (I8). */
import type { Result } from '../kube/types.js';

/** One instance as an address of the Service. */
export interface Address {
  readonly ip: string;
  readonly podName: string;
  readonly podUid: string;
  readonly nodeName: string;
}

export interface EndpointSlices {
  /** The addresses that clients are sent to now; empty also when there is no slice. */
  current(): Promise<Result<readonly string[]>>;
  /** Replaces whatever is there in one write, without reading first: the takeover. */
  publish(address: Address): Promise<Result<void>>;
  /** Writes only when something differs: the everyday repair. Tells whether it wrote. */
  ensure(address: Address): Promise<Result<boolean>>;
  /** Takes the address out, but only while the slice holds nothing else: a successor's address is left alone. null: whatever it holds. */
  empty(only: string | null): Promise<Result<boolean>>;
}
