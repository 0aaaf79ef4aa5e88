/** Scanners of Kubernetes manifests by others, run on synthesized YAML: which of their checks are not wholly passed. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Manifest } from './render';

/** By the name of the YAML. */
export type Findings = { readonly [name: string]: readonly string[] };
type Yaml = { readonly [name: string]: string };

/** Built from Go's modules, about a minute the first time; Go keeps it. */
const KUBE_SCORE = 'github.com/zegl/kube-score/cmd/kube-score@v1.20.0';

export function kubeScore(yaml: Yaml): Findings {
  return collect(Object.entries(yaml).map(([name, text]) => [name, scoreOf(text)]));
}

function scoreOf(yaml: string): string[] {
  // kube-score ends with status 1 when it finds anything.
  const { stdout, stderr } = spawnSync('go', ['run', KUBE_SCORE, 'score', '-', '--output-format', 'json'], { cwd: tmpdir(), input: yaml, encoding: 'utf8' });
  if (!stdout.startsWith('[')) throw new Error(`kube-score gave no answer: ${stderr}`);
  const checks: Manifest[] = JSON.parse(stdout).flatMap((object: Manifest) => object.checks);
  if (checks.length === 0) throw new Error('kube-score checked nothing');
  const allOk = 10;
  return checks.filter(({ skipped, grade }) => !skipped && grade < allOk).map(({ check }) => check.id);
}

/** One run for all: it takes ten seconds to begin. */
export function checkov(yaml: Yaml): Findings {
  const program = execFileSync(join(__dirname, '..', 'checkov.sh'), { encoding: 'utf8' }).trim();
  const directory = mkdtempSync(join(tmpdir(), 'checkov-'));
  try {
    for (const [name, text] of Object.entries(yaml)) writeFileSync(join(directory, `${name}.yaml`), text);
    const { stdout, stderr } = spawnSync(program, ['--directory', directory, '--framework', 'kubernetes', '--skip-download', '--quiet', '--output', 'json'], {
      cwd: directory,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      // It may ask nobody: nothing listens on the port of "discard".
      env: { ...process.env, HTTP_PROXY: 'http://127.0.0.1:9', HTTPS_PROXY: 'http://127.0.0.1:9' },
    });
    if (!stdout.startsWith('{')) throw new Error(`checkov gave no answer: ${stderr}`);
    const { summary, results } = JSON.parse(stdout) as Manifest;
    if (summary?.passed === undefined || summary.parsing_errors !== 0) throw new Error(`checkov did not check everything: ${JSON.stringify(summary)}`);
    return collect(Object.keys(yaml).map((name) => (
      [name, results.failed_checks.filter((found: Manifest) => basename(found.file_path) === `${name}.yaml`).map((found: Manifest) => found.check_id)])));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function collect(found: [string, string[]][]): Findings {
  return Object.fromEntries(found.map(([name, checks]) => [name, [...new Set(checks)].sort()]));
}
