import { objectsOf } from './acceptance';
import { byDanger, ManifestSource, PermissionChange } from './permission-change';
import { printable } from './present';
import { Danger, DebugCapability } from '../model/capability';
import { SecureDebugWarnings } from '../model/warnings';
import { sortedUnique } from '../private/canonical';

const LEVEL: { readonly [danger in Danger]: string } = { critical: 'error', high: 'error', medium: 'warning', low: 'note' };
/** As code scanning of GitHub ranks: from 9.0 on critical, from 7.0 high, from 4.0 medium. */
const SEVERITY: { readonly [danger in Danger]: string } = { critical: '9.5', high: '8.0', medium: '5.0', low: '2.0' };

/** Text of others in a message: neither a link nor a placeholder can come of it (SARIF 3.11.5, 3.11.6). */
function message(text: string): string {
  return printable(text).replace(/[\\[\]]/g, '\\$&').replace(/[{}]/g, '$&$&');
}

function ruleOf(id: string, danger: Danger): any {
  const warning = SecureDebugWarnings.rules().find(rule => rule.id === id);
  const capability = DebugCapability.all().find(one => one.id === id);
  const [title, help] = warning ? [warning.title, `${warning.why} ${warning.fix}`]
    : capability ? [`More may ${capability.title}`, `Danger: ${capability.danger}. Clients: ${capability.clients.join(', ')}.`] : OTHERS[id];
  return { id, shortDescription: { text: title }, help: { text: help }, properties: { 'security-severity': SEVERITY[danger], 'tags': ['security'] } };
}

const OTHERS: { readonly [id: string]: [string, string] } = {
  'other-rights': ['Rights beyond the debug capabilities', 'Read what is granted, and whether the task needs it.'],
  'guardrail-rights': ['A guardrail lets more pass', 'Read which command sets, images or streams it is, and who gets them.'],
  'request-terms': ['A Role can be had on easier terms', 'Read for how long, and who approves.'],
  'guardrail': ['A guardrail is weakened', 'Keep it in force, and name exceptions one by one.'],
};

/** What is reported, as far as code scanning shows it. */
type Reported = Pick<PermissionChange, 'id' | 'danger' | 'text' | 'through'> & { readonly kind?: string };

/** One result for each change. */
export function toSarif(changes: PermissionChange[], sources: ManifestSource[]): any {
  return sarif(changes, sources, 'secureDebugChange/v1');
}

/** One result for each finding. */
export function findingsSarif(findings: Reported[], sources: ManifestSource[]): any {
  return sarif(findings, sources, 'secureDebugFinding/v1');
}

function sarif(changes: Reported[], sources: ManifestSource[], fingerprint: string): any {
  const ids = sortedUnique(changes.map(({ id }) => id));
  const worst = new Map(changes.slice().sort((a, b) => byDanger(a.danger, b.danger)).map(({ id, danger }) => [id, danger]));
  const files = new Map(sources.map(source => [source.object, source]));
  return {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [{
      tool: { driver: { name: 'cdk8s-secure-debug', rules: ids.map(id => ruleOf(id, worst.get(id)!)) } },
      columnKind: 'utf16CodeUnits',
      results: changes.map(({ id, danger, text, kind, through }) => {
        // `RoleBinding payments/debug → Role debug`: either may be what was changed.
        const objects = sortedUnique(through.flatMap(path => objectsOf(path)));
        const found = objects.map(object => files.get(object)).filter((source): source is ManifestSource => source !== undefined);
        return {
          ruleId: id,
          ruleIndex: ids.indexOf(id),
          level: LEVEL[danger],
          message: { text: message(text) },
          locations: (found.length > 0 ? found : [undefined]).slice(0, 1).map(source => ({
            ...source && { physicalLocation: { artifactLocation: { uri: source.file.split('/').map(encodeURIComponent).join('/') }, region: { startLine: source.line ?? 1 } } },
            logicalLocations: objects.map(object => ({ fullyQualifiedName: printable(object), kind: 'resource' })),
          })),
          partialFingerprints: { [fingerprint]: printable(text) },
          properties: { ...kind !== undefined && { kind }, danger },
        };
      }),
    }],
  };
}
