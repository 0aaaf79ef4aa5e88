import { join } from 'node:path';
import * as ts from 'typescript';

const ROOT = join(__dirname, '..', '..');

/** What the compiler says about a program that uses the library, in a user's strict project. */
function complaints(program: string): string[] {
  const file = join(ROOT, 'test', 'synth', 'user-program.ts');
  const { config } = ts.readConfigFile(join(ROOT, 'test', 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, files: [], include: [] }, ts.sys, join(ROOT, 'test'));
  const host = ts.createCompilerHost(options);
  const read = host.getSourceFile.bind(host);
  host.getSourceFile = (name, version) => (name === file ? ts.createSourceFile(name, program, version) : read(name, version));
  host.fileExists = (name) => name === file || ts.sys.fileExists(name);
  return ts.getPreEmitDiagnostics(ts.createProgram([file], options, host)).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

test('the library mixes with another version of cdk8s-plus, and asks for a version and a size', () => {
  expect(complaints(`
    import { App, Chart, Size } from 'cdk8s';
    import * as newer from 'cdk8s-plus-33';
    import { PostgresCluster, PostgresVersion } from '../../src/index';

    const chart = new Chart(new App(), 'demo');
    const cluster = new PostgresCluster(chart, 'orders', {
      version: PostgresVersion.V17,
      storage: { size: Size.gibibytes(1) },
      resources: { cpu: { request: newer.Cpu.millis(100) }, memory: { request: Size.gibibytes(1) } },
      instanceList: [{
        name: '1',
        nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } } satisfies newer.k8s.NodeAffinity,
        tolerations: [{ operator: 'Exists' }] satisfies newer.k8s.Toleration[],
      }],
    });
    new newer.Deployment(chart, 'api', { containers: [{ image: 'shop', envVariables: cluster.envFor('app') }] });
    export const secret: newer.ISecret = cluster.connectionSecret('app');

    // @ts-expect-error no version
    new PostgresCluster(chart, 'a', { storage: { size: Size.gibibytes(1) } });
    // @ts-expect-error no size
    new PostgresCluster(chart, 'b', { version: PostgresVersion.V17 });
  `)).toEqual([]);
}, 120_000);
