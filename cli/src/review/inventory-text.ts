import { Danger, InventoryFinding, InventorySubject, PermissionInventory } from 'cdk8s-secure-debug';
import { Evidence } from './evidence';
import { Paint, plain, Style } from '../text';

export const STYLES: { readonly [danger in Danger]: Style } = { critical: 'red', high: 'red', medium: 'yellow', low: 'dim' };

/** `2 critical, 1 high`. */
export function counted(dangers: Danger[]): string {
  return Object.values(Danger).reverse().map(danger => [dangers.filter(one => one === danger).length, danger] as const)
    .filter(([count]) => count > 0).map(([count, danger]) => `${count} ${danger}`).join(', ');
}

/** For a terminal: each subject with what is dangerous about it, and the ways step by step. */
export function inventoryText(paint: Paint, taken: PermissionInventory, evidence: Evidence | undefined, all: boolean): string {
  const shown = taken.subjects.filter(({ builtIn }) => all || !builtIn);
  const hidden = taken.subjects.length - shown.length;
  const byName = new Map(evidence?.evidence.map(one => [one.who, one]));
  return [
    shown.length === 0 ? 'Nobody holds or reaches more than a task needs.' : paint('bold', `${shown.length} with broad power: ${counted(shown.map(({ danger }) => danger))}`),
    ...evidence?.from === undefined ? [] : [`The audit log is from ${plain(evidence.from)} to ${plain(evidence.to!)}.`],
    ...shown.flatMap(subject => ['', ...subjectLines(paint, subject, evidence && byName.get(`${subject.kind} ${subject.name}`), evidence !== undefined)]),
    ...hidden + taken.acceptedFindings.length + taken.unknownRoles.length > 0 ? [''] : [],
    ...hidden > 0 ? [paint('dim', `${hidden} ${hidden === 1 ? 'part' : 'parts'} of Kubernetes itself ${hidden === 1 ? 'is' : 'are'} left out; --all shows ${hidden === 1 ? 'it' : 'them'}.`)] : [],
    ...taken.acceptedFindings.length > 0 ? [`Accepted for a time: ${taken.acceptedFindings.map(({ id, who, where }) => plain(`${id} ${who} in ${where}`)).join('; ')}.`] : [],
    ...taken.unknownRoles.map(one => paint('yellow', `unknown: ${plain(one)}`)),
  ].join('\n');
}

function subjectLines(paint: Paint, subject: InventorySubject, used: Evidence['evidence'][number] | undefined, logged: boolean): string[] {
  const { danger, kind, name, use, usedBecause, findings } = subject;
  return [
    `${paint(STYLES[danger], danger)} ${paint('bold', plain(`${kind} ${name}`))} ${paint('dim', `(${use}: ${plain(usedBecause)})`)}`,
    ...logged ? [`  ${used?.lastUsed ? plain(`last used ${used.lastUsed}, ${used.requests} ${used.requests === 1 ? 'request' : 'requests'}: ${used.rights.join(', ')}; from ${used.sources.join(', ')}`) : 'not in the audit log'}`] : [],
    ...findings.flatMap(finding => findingLines(paint, finding)),
  ];
}

function findingLines(paint: Paint, { id, danger, where, what, title, steps, through }: InventoryFinding): string[] {
  return [
    `  ${paint(STYLES[danger], danger.padEnd(8))} ${id} ${plain(where)}: ${plain(steps.length > 0 ? title : what)}`,
    ...steps.map((step, i) => `             ${i + 1}. ${plain(`${step.who}${step.where === undefined ? '' : `, in ${step.where},`} ${step.does} ${step.reaches}`)}`
      + (step.through.length > 0 ? paint('dim', ` (${plain(step.through.join('; '))})`) : '')),
    ...steps.length > 0 ? [] : through.map(one => paint('dim', `             ${plain(one)}`)),
  ];
}
