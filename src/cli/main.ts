/** The command line: which verbs there are, what they take, and how each ends. */
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { BackupType } from '../contract/spec.js';
import { backup } from './commands/backup.js';
import { backups } from './commands/backups.js';
import { candidates } from './commands/candidates.js';
import { connect } from './commands/connect.js';
import { logs } from './commands/logs.js';
import { status } from './commands/status.js';
import { switchover } from './commands/switchover.js';
import { EXIT } from './exit.js';
import { Kube, type ConnectionOptions } from './kube.js';
import { explain } from './refusal.js';

const EXIT_CODES = `
Exit codes:
  ${EXIT.ok}   done; of status: every cluster shown is whole
  ${EXIT.failed}   failed
  ${EXIT.notWhole}   of status: a cluster is not whole
  ${EXIT.refused}   refused: a right is missing, which is named
  ${EXIT.usage}  the command was not understood
  connect ends as psql ends.`;

const TAIL = 100;

interface Output {
  readonly output: 'table' | 'json';
}

function program(ended: (code: number) => void): Command {
  const verb = (name: string, summary: string, ...examples: readonly string[]) => new Command(name)
    .description(summary)
    .option('-n, --namespace <name>', 'the cluster\'s namespace (default: the context\'s)')
    .option('--context <name>', 'context of the kubeconfig (default: the current one)')
    .option('--kubeconfig <file>', 'default: $KUBECONFIG, ~/.kube/config, or the pod\'s own account')
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', `\nExamples:\n${examples.map((example) => `  kubectl postgres ${example}`).join('\n')}\n${EXIT_CODES}`);
  const output = () => new Option('-o, --output <format>', 'for people or for machines').choices(['table', 'json']).default('table');
  const cluster = () => new Argument('<cluster>', 'name of the cluster');
  const run = (options: ConnectionOptions, work: (kube: Kube) => Promise<number>) => {
    const kube = new Kube(options);
    return work(kube).then(ended, (error: unknown) => { throw explain(error, kube.server); });
  };

  const root = new Command('kubectl postgres')
    .description('Looks at and works with clusters of cdk8s-postgres. Also: cdk8s-postgres VERB.')
    .addHelpText('after', EXIT_CODES);
  root.addCommand(verb('status', 'instances, roles, lag, lease, archive, backups, pooler, and what is wrong', 'status', 'status orders -n shop', 'status -A -o json')
    .argument('[cluster]', 'name of the cluster (default: all of the namespace)')
    .option('-A, --all-namespaces', 'all clusters of all namespaces', false)
    .addOption(output())
    .action((name: string | undefined, options: ConnectionOptions & Output & { allNamespaces: boolean }, command: Command) => {
      if (name !== undefined && options.allNamespaces) command.error('error: a cluster is named, or --all-namespaces is given, not both');
      return run(options, (kube) => status(kube, name, { json: options.output === 'json', allNamespaces: options.allNamespaces }));
    }));
  root.addCommand(verb('backup', 'makes a backup now, shows its progress, and ends as it ends', 'backup orders --type full', 'backup orders --type incr --repo 2 -o json')
    .addArgument(cluster())
    .addOption(new Option('--type <type>', 'full, or only what has changed since the last full (diff) or the last of any type (incr)').choices(['full', 'diff', 'incr']).makeOptionMandatory())
    .option('--repo <number>', 'which of the cluster\'s repos', repoNumber, 1)
    .addOption(output())
    .action((name: string, options: ConnectionOptions & Output & { type: BackupType; repo: number }) => run(options, (kube) => (
      backup(kube, name, { type: options.type, repo: options.repo, json: options.output === 'json' })))));
  root.addCommand(verb('backups', 'what the repos hold: the last backup of each type, and the archive', 'backups orders', 'backups orders -o json')
    .addArgument(cluster())
    .addOption(output())
    .action((name: string, options: ConnectionOptions & Output) => run(options, (kube) => backups(kube, name, { json: options.output === 'json' }))));
  root.addCommand(verb('candidates', 'who could take over from the primary, and who could not and why', 'candidates orders', 'candidates orders -o json')
    .addArgument(cluster())
    .addOption(output())
    .action((name: string, options: ConnectionOptions & Output) => run(options, (kube) => candidates(kube, name, { json: options.output === 'json' }))));
  root.addCommand(verb('switchover', 'makes another instance the primary, in good order; nothing that was committed is lost', 'switchover orders', 'switchover orders --to 2')
    .addArgument(cluster())
    .option('--to <instance>', 'which instance (default: the one that lacks least)')
    .addOption(output())
    .action((name: string, options: ConnectionOptions & Output & { to?: string }) => run(options, (kube) => (
      switchover(kube, name, { to: options.to ?? null, json: options.output === 'json' })))));
  root.addCommand(verb(
    'connect', 'psql as the superuser, in the primary\'s pod; what comes after -- is psql\'s',
    'connect orders', 'connect orders --replica', 'connect orders -- -c "select now()"', 'connect orders -- -v ON_ERROR_STOP=1 < change.sql',
  )
    .addArgument(cluster())
    .argument('[psql...]', 'arguments of psql, after --')
    .option('--replica', 'in the pod of the replica that lags least', false)
    .action((name: string, args: string[], options: ConnectionOptions & { replica: boolean }) => run(options, (kube) => connect(kube, name, { replica: options.replica, args }))));
  root.addCommand(verb('logs', 'what all agents of a cluster say, in the order of time', 'logs orders', 'logs orders --follow', 'logs orders --tail 1000 -o json')
    .addArgument(cluster())
    .option('-f, --follow', 'goes on until it is ended', false)
    .option('--tail <lines>', 'how many lines of each pod to begin with', count, TAIL)
    .addOption(output())
    .action((name: string, options: ConnectionOptions & Output & { follow: boolean; tail: number }) => run(options, (kube) => (
      logs(kube, name, { follow: options.follow, tail: options.tail, json: options.output === 'json' })))));
  for (const command of [root, ...root.commands]) command.exitOverride();
  return root;
}

function repoNumber(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('Repos are counted from 1.');
  return Number(text);
}

function count(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('A number is wanted.');
  return Number(text);
}

async function main(): Promise<number> {
  let code: number = EXIT.ok;
  try {
    await program((ended) => { code = ended; }).parseAsync();
    return code;
  } catch (error) {
    // It has said everything itself.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const failure = explain(error, '');
    console.error(`error: ${failure.message}`);
    return failure.code;
  }
}

// A pipe takes the rest of the output before the program ends.
void main().then((code) => { process.stdout.write('', () => process.exit(code)); });
