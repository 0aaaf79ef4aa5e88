/** Plain HTTP for the kubelet's probes, load balancers and people. It says nothing that is secret, and nothing can be asked of it. */
import { createServer, type ServerResponse } from 'node:http';
import { answerJson, answerText, listen } from './answer.js';
import { messageOf } from '../files.js';
import type { HealthView, ListenOptions, RunningServer } from './types.js';
import { HEALTH_ROUTES } from '../../contract/index.js';
import { METRICS_CONTENT_TYPE } from '../metrics/registry.js';

export async function startHealthServer(options: ListenOptions, view: () => HealthView, metrics: () => string): Promise<RunningServer> {
  const server = createServer((request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return answerText(response, 405, 'only GET');
    const route = (request.url ?? '').split('?')[0]!;
    if (route === HEALTH_ROUTES.metrics) return answerMetrics(metrics, response);
    answer(route, view(), response);
  });
  return listen(server, options);
}

/** A fault in one of them must not end the process that holds the Lease. */
function answerMetrics(metrics: () => string, response: ServerResponse): void {
  let text: string;
  try {
    text = metrics();
  } catch (error) {
    return answerText(response, 500, `the metrics cannot be told: ${messageOf(error)}`);
  }
  response.writeHead(200, { 'Content-Type': METRICS_CONTENT_TYPE }).end(text);
}

function answer(route: string, { live, ready, role, status }: HealthView, response: ServerResponse): void {
  switch (route) {
    case HEALTH_ROUTES.live:
      return answerText(response, live ? 200 : 503, live ? 'live' : 'not live');
    case HEALTH_ROUTES.ready:
      return answerText(response, ready.ok ? 200 : 503, ready.ok ? 'ready' : `not ready: ${ready.why}`);
    case HEALTH_ROUTES.primary:
      return answerText(response, role === 'primary' ? 200 : 503, role);
    // A replica that does not follow would serve old data.
    case HEALTH_ROUTES.replica:
      return answerText(response, role === 'replica' && ready.ok ? 200 : 503, ready.ok ? role : `${role}, not ready: ${ready.why}`);
    case HEALTH_ROUTES.status:
      return answerJson(response, 200, status);
    default:
      return answerText(response, 404, `no such route; there are ${Object.values(HEALTH_ROUTES).join(' ')}`);
  }
}
