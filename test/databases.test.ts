import { program, render } from './synth/render';

test('one user "app" owns one database "app", unless the program says otherwise', () => {
  expect(render().spec()).toMatchObject({
    databases: [{ name: 'app', owner: 'app' }],
    users: [{ name: 'app', database: 'app', secret: 'orders-app-user' }],
  });
});

test('a database is owned by the first user, and named as that user, where nothing else is said', () => {
  expect(render({ users: [{ name: 'shop' }, { name: 'report' }] }).spec().databases).toEqual([{ name: 'shop', owner: 'shop' }]);
  expect(render({ users: [{ name: 'shop' }, { name: 'report' }], databases: [{ name: 'orders' }] }).spec().databases)
    .toEqual([{ name: 'orders', owner: 'shop' }]);
});

test('a user\'s connection leads to the database named, else to one that the user owns, else to the first', () => {
  const { users } = render({
    users: [{ name: 'app' }, { name: 'stock' }, { name: 'report' }, { name: 'audit', database: 'b' }],
    databases: [{ name: 'a' }, { name: 'b', owner: 'stock' }],
  }).spec();
  expect(users.map(({ name, database }) => [name, database])).toEqual([['app', 'a'], ['stock', 'b'], ['report', 'a'], ['audit', 'b']]);
});

test.each([
  [{ users: [] }, '"users" is empty'],
  [{ users: [{ name: 'postgres' }] }, '"users[0].name" is "postgres", which is reserved'],
  [{ users: [{ name: 'pg_admin' }] }, '"users[0].name" is "pg_admin", which is reserved'],
  [{ users: [{ name: 'cdk8s_rewind' }] }, '"users[0].name" is "cdk8s_rewind", which is reserved'],
  [{ users: [{ name: 'Bob' }] }, '"users[0].name" is "Bob"'],
  [{ users: [{ name: 'app' }, { name: 'app' }] }, '"users" names "app" more than once'],
  [{ users: [{ name: 'app', database: 'x' }] }, '"users[0].database" is "x", and "databases" has only "app"'],
  [{ databases: [] }, '"databases" is empty'],
  [{ databases: [{ name: 'template1' }] }, '"databases[0].name" is "template1", which every cluster has'],
  [{ databases: [{ name: 'a b' }] }, '"databases[0].name" is "a b"'],
  [{ databases: [{ name: 'a' }, { name: 'a' }] }, '"databases" names "a" more than once'],
  [{ databases: [{ name: 'a', owner: 'bob' }] }, '"databases[0].owner" is "bob", and "users" has only "app"'],
])('%j is refused', (props, message) => {
  expect(() => program(props)).toThrow(message);
  expect(() => program(props)).toThrow('[demo/orders');
});
