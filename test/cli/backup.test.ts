import type { ServerResponse } from 'node:http';
import type { V1Job, V1Pod } from '@kubernetes/client-node';
import { ApiServer, forbidden, instancePod, json, PODS } from './api-server';
import { BACKUPS, spec } from './seen';

const NAME = 'orders-full-x';
const POD = `${NAME}-y`;
const LOG = `GET ${PODS}/${POD}/log`;

/** A Job whose pod is as the test says, and how often it has been asked for. */
class Asked {
  state: 'runs' | 'Complete' | 'Failed' = 'runs';
  pod: V1Pod = { metadata: { name: POD }, status: { containerStatuses: [{ name: 'backup', image: '', imageID: '', ready: true, restartCount: 0, state: { running: {} } }] } };
  looks = 0;

  constructor(server: ApiServer) {
    const job = (): V1Job => ({ metadata: { name: NAME }, status: this.state === 'runs' ? {} : { conditions: [{ type: this.state, status: 'True' }] } });
    server.with(spec({ backups: BACKUPS }))
      .on('POST /apis/batch/v1/namespaces/shop/jobs', (response) => json(response, 201, job()))
      .on(`GET /apis/batch/v1/namespaces/shop/jobs/${NAME}`, (response) => { this.looks++; json(response, 200, job()); })
      .on(`GET ${PODS}`, (response, query) => json(response, 200, { items: query.get('labelSelector')?.includes('job-name') ? [this.pod] : [instancePod('1')] }));
  }
}

const line = (second: number, text: string) => `2026-03-01T12:00:0${second}.000000000Z ${text}\n`;

let server: ApiServer;
let asked: Asked;
beforeEach(async () => { server = await ApiServer.start(); asked = new Asked(server); });
afterEach(() => server.close());

const backup = (...args: readonly string[]) => server.run('backup', 'orders', '--type', 'full', ...args);

test('a log that breaks off goes on after its last whole line, and the command ends as the Job ends', async () => {
  const connections: (string | null)[] = [];
  server.on(LOG, (response: ServerResponse, query: URLSearchParams) => {
    connections.push(query.get('sinceTime'));
    if (connections.length === 1) {
      response.write(line(1, 'it begins') + line(2, 'it goes on').slice(0, -4), () => response.destroy());
      return;
    }
    asked.state = 'Complete';
    // Kubernetes counts the moment itself in.
    response.end(line(1, 'it begins') + line(2, 'it goes on') + line(3, 'it is done'));
  });
  const { code, stdout, stderr } = await backup().ended;
  expect([code, stdout]).toEqual([0, 'it begins\nit goes on\nit is done\nfull backup to repo 1: done\n']);
  expect(stderr).toBe(`job ${NAME} asks for the backup; it goes on when this command is ended\n`);
  expect(connections.slice(0, 2)).toEqual([null, '2026-03-01T12:00:01.000000000Z']);
});

test('a log that never ends does not outlive the Job', async () => {
  server.on(LOG, (response: ServerResponse) => {
    response.write(line(1, 'it begins'));
    asked.state = 'Complete';
  });
  const { code, stdout, stderr } = await backup().ended;
  expect([code, stdout]).toEqual([0, 'it begins\nfull backup to repo 1: done\n']);
  expect(stderr).toContain(`kubectl -n shop logs ${POD}`);
});

test('a Job that fails before its pod has started ends the command, which has told what the pod waited for', async () => {
  asked.pod = { metadata: { name: POD }, status: { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'no node is left' }] } };
  const failing = setInterval(() => { if (asked.looks === 2) asked.state = 'Failed'; }, 50);
  const { code, stdout, stderr } = await backup('-o', 'json').ended;
  clearInterval(failing);
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ job: NAME, ok: false });
  expect(stderr.split('\n').filter((told) => told.includes('the pod waits'))).toEqual(['the pod waits: Unschedulable: no node is left']);
});

test('an API server that is away for a moment does not end the command', async () => {
  server.on(LOG, (response: ServerResponse) => response.end(line(1, 'it begins')));
  server.on(`GET /apis/batch/v1/namespaces/shop/jobs/${NAME}`, (response: ServerResponse) => {
    asked.looks++;
    if (asked.looks === 1) json(response, 503, { kind: 'Status', message: 'it restarts' });
    else if (asked.looks === 2) response.destroy();
    else json(response, 200, { metadata: { name: NAME }, status: { conditions: [{ type: 'Complete', status: 'True' }] } });
  });
  expect(await backup().ended).toMatchObject({ code: 0, stdout: 'it begins\nfull backup to repo 1: done\n' });
});

test('the right to read logs is named when it is missing', async () => {
  server.on(LOG, (response: ServerResponse) => forbidden(response, 'get', 'pods/log'));
  const { code, stderr } = await backup().ended;
  expect(code).toBe(3);
  expect(stderr).toContain('anna may not get pods/log in namespace shop. What gives the right: a Role with the rule { apiGroups: [""], resources: ["pods/log"], verbs: ["get"] }');
});
