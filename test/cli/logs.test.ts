import type { ServerResponse } from 'node:http';
import { ApiServer, PODS } from './api-server';

const LOG = `GET ${PODS}/orders-1-0/log`;
const line = (second: number, text: string) => `2026-03-01T12:00:0${second}.000000000Z {"msg":"${text}"}\n`;

let server: ApiServer;
beforeEach(async () => { server = (await ApiServer.start()).with(); });
afterEach(() => server.close());

const HISTORY = [line(1, 'first'), line(2, 'second'), line(3, 'third')];

/** The last lines, and to those who follow: each of `later` on a connection of its own, which breaks then. */
function tells(...later: readonly string[]): void {
  const left = [...later];
  server.on(LOG, (response: ServerResponse, query: URLSearchParams) => {
    response.setHeader('content-type', 'text/plain');
    if (query.get('follow') !== 'true') response.end(HISTORY.slice(-Number(query.get('tailLines'))).join(''));
    else response.write(HISTORY.join('') + (left.shift() ?? ''), () => { if (left.length > 0) response.destroy(); });
  });
}

const messages = (stdout: string) => stdout.trim().split('\n').map((told) => (JSON.parse(told) as { msg: string }).msg);

test('a pod whose connection breaks is followed on, and no line is told twice', async () => {
  tells(line(4, 'fourth'), line(4, 'fourth') + line(5, 'fifth'));
  const following = server.run('logs', 'orders', '--follow', '--tail', '2', '-o', 'json');
  await following.until(/fifth/);
  expect(messages((await following.stop()).stdout)).toEqual(['second', 'third', 'fourth', 'fifth']);
});

test('with --tail 0 only what comes from now on is told', async () => {
  tells(line(4, 'fourth'));
  const following = server.run('logs', 'orders', '--follow', '--tail', '0', '-o', 'json');
  await following.until(/fourth/);
  expect(messages((await following.stop()).stdout)).toEqual(['fourth']);
  expect(await server.run('logs', 'orders', '--tail', '0').ended).toMatchObject({ code: 0, stdout: '' });
});

test('lines whose times step back are told as they come', async () => {
  tells(line(6, 'sixth') + line(5, 'fifth'));
  const following = server.run('logs', 'orders', '--follow', '--tail', '1', '-o', 'json');
  await following.until(/fifth/);
  expect(messages((await following.stop()).stdout)).toEqual(['third', 'sixth', 'fifth']);
});
