/**
 * What the construct library (synth time) and the agent (run time) must agree on.
 *
 * Both halves import this folder and neither imports the other (docs/architecture.md).
 * It has no dependencies and holds no logic beyond constants and types.
 */
export * from './agent-program';
export * from './labels';
export * from './managed-parameters';
export * from './paths';
export * from './ports';
export * from './secrets';
export * from './spec';
export * from './status';
export * from './timing';
