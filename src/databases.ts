import type { Construct } from 'constructs';
import type { DatabaseSpec } from './contract';
import { duplicates, quoted, refuse } from './validation';

/** A database. */
export interface DatabaseOptions {
  /** The database's name: lower-case letters, digits, underscores and dashes, at most 63. */
  readonly name: string;

  /**
   * The user that owns it.
   *
   * @default - the first user
   */
  readonly owner?: string;
}

/** A user, who logs in with a password that the agents make and keep in the user's connection Secret. */
export interface UserOptions {
  /** The user's name: lower-case letters, digits, underscores and dashes, at most 63. */
  readonly name: string;

  /**
   * The database that the connection Secret leads to.
   *
   * @default - the first database that the user owns, else the first database
   */
  readonly database?: string;
}

const NAME = /^[a-z_][a-z0-9_-]{0,62}$/;
const NAME_RULE = 'use lower-case letters, digits, underscores and dashes, at most 63, not a digit first';
/** PostgreSQL's superuser; what it and this library keep for themselves. */
const RESERVED_USER = /^(postgres$|pg_|cdk8s_)/;
/** They exist in every cluster and belong to the superuser. */
const RESERVED_DATABASES = ['postgres', 'template0', 'template1'];

export function resolveUsers(scope: Construct, users: UserOptions[] = [{ name: 'app' }]): UserOptions[] {
  users.forEach(({ name }, index) => {
    const prop = `users[${index}].name`;
    if (RESERVED_USER.test(name)) refuse(scope, prop, `is "${name}", which is reserved`, 'choose another name');
    if (!NAME.test(name)) refuse(scope, prop, `is "${name}"`, NAME_RULE);
  });
  const twice = duplicates(users.map(({ name }) => name));
  if (twice.length > 0) refuse(scope, 'users', `names ${quoted(twice)} more than once`, 'name each user once');
  if (users.length === 0) refuse(scope, 'users', 'is empty', 'leave it out for one user "app", or name at least one');
  return users;
}

export function resolveDatabases(
  scope: Construct, users: UserOptions[], databases: DatabaseOptions[] = [{ name: users[0].name }],
): DatabaseSpec[] {
  const known = users.map(({ name }) => name);
  if (databases.length === 0) refuse(scope, 'databases', 'is empty', 'leave it out for one named as the first user, or name at least one');
  const resolved = databases.map(({ name, owner = known[0] }, index) => {
    const prop = `databases[${index}]`;
    if (RESERVED_DATABASES.includes(name)) refuse(scope, `${prop}.name`, `is "${name}", which every cluster has`, 'choose another name');
    if (!NAME.test(name)) refuse(scope, `${prop}.name`, `is "${name}"`, NAME_RULE);
    if (!known.includes(owner)) {
      refuse(scope, `${prop}.owner`, `is "${owner}", and "users" has only ${quoted(known)}`, 'add that user, or name one of these');
    }
    return { name, owner };
  });
  const names = resolved.map(({ name }) => name);
  const twice = duplicates(names);
  if (twice.length > 0) refuse(scope, 'databases', `names ${quoted(twice)} more than once`, 'name each database once');
  users.forEach(({ database }, index) => {
    if (database !== undefined && !names.includes(database)) {
      refuse(scope, `users[${index}].database`, `is "${database}", and "databases" has only ${quoted(names)}`, 'add that database, or name one of these');
    }
  });
  return resolved;
}
