/** How the command line ends. */
export const EXIT = {
  ok: 0,
  /** What was asked for did not come about, or cannot be. */
  failed: 1,
  /** `status` has found a cluster that is not whole. */
  notWhole: 2,
  /** Kubernetes refuses: a right is missing. */
  refused: 3,
  /** The command was not understood (sysexits' EX_USAGE). */
  usage: 64,
} as const;

/** Ends the program with a message and no stack: it is the person's to read. */
export class Failure extends Error {
  constructor(message: string, readonly code: number = EXIT.failed) {
    super(message);
  }
}

/** The API server did not answer, or could not: asked again it may. */
export class Unanswered extends Failure {}
