/** The test cluster from below: its nodes, containers and processes, seen by the machine itself and so also while Kubernetes is blind. */
import { readdirSync, readFileSync } from 'node:fs';
import { makeFileSystem, type FileSystem } from './file-system';
import { output } from '../harness/run';

export const CLUSTER = 'test/cluster/cluster';

const NODES = ['node-a', 'node-b', 'node-c'];

export interface Container {
  readonly node: string;
  readonly id: string;
}

export interface Machine {
  readonly nodes: readonly string[];
  cutOff(node: string): Promise<void>;
  putBack(node: string): Promise<void>;
  stopApiServer(): Promise<void>;
  startApiServer(): Promise<void>;
  /** Running containers of that pod: more than one when an old one has not gone yet. */
  containers(namespace: string, pod: string): Promise<readonly Container[]>;
  freeze(container: Container): Promise<void>;
  thaw(container: Container): Promise<void>;
  /** On all nodes. */
  tagImage(image: string, name: string): Promise<void>;
  /** Processes of the pod, with their numbers on this machine: of one that Kubernetes has forgotten, too. */
  processes(podUid: string): readonly Process[];
  /** The command line that runs a program in a node's network. */
  inNode(node: string): readonly string[];
  /** The command line that runs a program in a container's network. */
  inNetworkOf(pid: number): readonly string[];
  /** A file system of that size in the place of a volume's folder on its node, with the folder's files; no pod may use it at that moment. */
  makeFileSystem(folder: string, mebibytes: number): Promise<FileSystem>;
}

export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

export function machine(): Machine {
  const cluster = (...args: string[]) => output([CLUSTER, ...args]);
  const ctr = ({ node }: Container, ...args: string[]) => cluster('ctr', node, ...args);
  return {
    nodes: NODES,
    cutOff: async (node) => void await cluster('partition', node, 'on'),
    putBack: async (node) => void await cluster('partition', node, 'off'),
    stopApiServer: async () => void await cluster('apiserver', 'stop'),
    startApiServer: async () => void await cluster('apiserver', 'start'),
    containers: async (namespace, pod) => (await cluster('containerd-id', namespace, pod, 'postgres'))
      .trim().split('\n').map((line) => line.split(' ')).map(([node, id]) => ({ node, id })),
    freeze: async (container) => void await ctr(container, 'tasks', 'pause', container.id),
    thaw: async (container) => void await ctr(container, 'tasks', 'resume', container.id),
    tagImage: async (image, name) => {
      for (const node of NODES) await cluster('ctr', node, 'images', 'tag', '--force', image, name);
    },
    processes: (podUid) => readdirSync('/proc').filter((entry) => /^\d+$/.test(entry)).map(Number)
      .filter((pid) => cgroupsOf(pid).includes(podUid)).flatMap(processOf),
    inNode: (node) => [CLUSTER, 'exec-node', node],
    inNetworkOf: (pid) => ['nsenter', `--net=/proc/${pid}/ns/net`, '--'],
    makeFileSystem,
  };
}

/** A pod's cgroup is named after its uid. */
function cgroupsOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8');
  } catch {
    return '';
  }
}

/** Nothing when it has ended meanwhile. */
function processOf(pid: number): Process[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    return [{ pid, parent, command }];
  } catch {
    return [];
  }
}

/** By the kernel's word: the freezer's own file, in either generation of cgroups. */
export function isFrozen({ pid }: Process): boolean {
  const groups = readFileSync(`/proc/${pid}/cgroup`, 'utf8').trim().split('\n').map((line) => line.split(':'));
  const freezer = groups.find(([, controllers]) => controllers.split(',').includes('freezer'));
  if (freezer !== undefined) return !readFileSync(`/sys/fs/cgroup/freezer${freezer[2]}/freezer.state`, 'utf8').startsWith('THAWED');
  return /^frozen 1$/m.test(readFileSync(`/sys/fs/cgroup${groups[0][2]}/cgroup.events`, 'utf8'));
}

/** Still there, and not just waiting to be reaped. */
export function isAlive({ pid }: Process): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !['Z', 'X'].includes(stat[stat.lastIndexOf(')') + 2]);
  } catch {
    return false;
  }
}
