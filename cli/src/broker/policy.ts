import { readFileSync } from 'fs';
import type { BrokerPolicyFinding } from 'cdk8s-secure-debug';
import { OK, REFUSED, wrongUse } from '../errors';
import type { Result } from '../session';
import { plain } from '../text';

/** The library is loaded when a policy is looked at, not for help. */
// eslint-disable-next-line @typescript-eslint/no-require-imports
const library = () => require('cdk8s-secure-debug') as typeof import('cdk8s-secure-debug');

function contents(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    return wrongUse(`${file} cannot be read (${(error as NodeJS.ErrnoException).code}). Fix: name a file with a broker policy, or - for standard input.`);
  }
}

const shown = (file: string, { line, column, problem, fix }: BrokerPolicyFinding) => `${file}${line === undefined ? '' : `:${line}:${column}`}: ${problem} Fix: ${fix}`;

/** Says what is wrong with broker policies, each by line and column. */
export function checkPolicies(files: string[]): Result {
  const found = files.map(file => ({ file, findings: library().BrokerPolicy.check(contents(file)) }));
  const lines = found.flatMap(({ file, findings }) => findings.length === 0 ? [`${plain(file)}: in order`] : findings.map(finding => plain(shown(file, finding))));
  return { data: found, text: lines.join('\n'), code: found.some(({ findings }) => findings.length > 0) ? REFUSED : OK };
}

/** The objects that a broker policy becomes, as YAML: what an app with nothing but a Broker synthesizes. */
export function synthPolicy(file: string): Result {
  const { Broker, BrokerPolicy } = library();
  const text = contents(file);
  const findings = BrokerPolicy.check(text);
  if (findings.length > 0) {
    const more = findings.length > 1 ? ` (and ${findings.length - 1} more: secure-debug policy check ${file})` : '';
    return wrongUse(`${shown(file, findings[0])}${more}`);
  }
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { App, Chart, Yaml } = require('cdk8s') as typeof import('cdk8s');
  const chart = new Chart(new App(), 'broker');
  new Broker(chart, 'broker', { policy: BrokerPolicy.fromJson(text, file) });
  const objects = chart.toJson();
  return { data: objects, text: Yaml.stringify(...objects).trimEnd(), code: OK };
}

/** The JSON Schema of broker policies. */
export function policySchema(): Result {
  const text = library().BrokerPolicy.schema();
  return { data: JSON.parse(text), text: text.trimEnd(), code: OK };
}
