import { InventoryEvidence, InventoryFinding, InventorySubject } from './inventory-finding';
import { code, codes, line } from './markdown';
import { Danger } from '../model/capability';

export const INVENTORY_HEADING = 'Who holds broad power';

const ICONS: { readonly [danger in Danger]: string } = { critical: '🟥', high: '🟧', medium: '🟨', low: '⬜' };

/** Those to act on, and the parts of Kubernetes. */
export function split(subjects: InventorySubject[]): { readonly others: InventorySubject[]; readonly parts: InventorySubject[] } {
  return { others: subjects.filter(({ builtIn }) => !builtIn), parts: subjects.filter(({ builtIn }) => builtIn) };
}

/** `3 critical, 1 high`. */
export function countText(subjects: InventorySubject[]): string {
  return Object.values(Danger).reverse().map(danger => [subjects.filter(subject => subject.danger === danger).length, danger] as const)
    .filter(([count]) => count > 0).map(([count, danger]) => `${count} ${danger}`).join(', ');
}

/** When somebody last used what they hold, by the log. */
export function lastUsedText(evidence: InventoryEvidence | undefined): string {
  return evidence?.lastUsed ?? 'not in the log';
}

/** A way, one step a line; what is held at once has none. */
export function stepLines({ steps }: InventoryFinding): string[] {
  return steps.map(({ who, where, does, reaches }) => `${who}${where === undefined ? '' : `, in ${where},`} ${does} ${reaches}`);
}

function findingLines(finding: InventoryFinding): string[] {
  const { id, danger, where, what, steps, through } = finding;
  const title = steps.length > 0 ? finding.title : what;
  return [
    `- ${ICONS[danger]} ${danger} ${id} in ${code(where)}: ${code(title)}`,
    ...stepLines(finding).map((text, i) => `  ${i + 1}. ${code(text)}<br>by ${codes(steps[i].through) || 'itself'}`),
    ...steps.length > 0 ? [] : [`  - by ${codes(through)}`],
  ];
}

function evidenceLine(evidence: InventoryEvidence | undefined): string {
  if (!evidence?.lastUsed) return 'Not in the audit log.';
  const { requests, lastUsed, rights, sources } = evidence;
  return `Last used ${code(lastUsed)}, ${requests} ${requests === 1 ? 'request' : 'requests'}: ${rights.map(code).join(', ')}; from ${sources.map(code).join(', ')}.`;
}

/** A table of everybody, then each with what is dangerous and the ways. */
export function inventoryMarkdown(
  subjects: InventorySubject[], evidence: InventoryEvidence[], unknown: string[], accepted: InventoryFinding[],
): string {
  const { others, parts } = split(subjects);
  const byName = new Map(evidence.map(one => [one.who, one]));
  const logged = evidence.length > 0;
  const nameOf = ({ kind, name }: InventorySubject) => `${kind} ${name}`;
  return [
    `## ${INVENTORY_HEADING}`,
    '',
    ...others.length === 0 ? ['Nobody but Kubernetes itself holds or reaches more than a task needs.', ''] : [
      `**${countText(others)}**.`,
      '',
      line('Danger', 'Who', 'Is', 'Rules', ...logged ? ['Last used'] : []),
      line('---', '---', '---', '---', ...logged ? ['---'] : []),
      ...others.map(subject => line(
        `${ICONS[subject.danger]} ${subject.danger}`, `${subject.kind} ${code(subject.name)}`, `${subject.use}: ${code(subject.usedBecause)}`,
        [...new Set(subject.findings.map(({ id }) => id))].join(', '),
        ...logged ? [code(lastUsedText(byName.get(nameOf(subject))))] : [],
      )),
      '',
      ...others.flatMap(subject => [
        `### ${subject.kind} ${code(subject.name)}`, '', ...subject.findings.flatMap(findingLines),
        ...logged ? ['', evidenceLine(byName.get(nameOf(subject)))] : [], '',
      ]),
    ],
    ...accepted.length > 0 ? ['### Accepted for a time', '', ...accepted.map(({ id, text }) => `- ${id}: ${code(text)}`), ''] : [],
    ...unknown.length > 0 ? ['### Roles that are not among the objects', '', 'What they give is in no finding.', '', ...unknown.map(one => `- ${code(one)}`), ''] : [],
    ...parts.length > 0 ? ['<details>', `<summary>Parts of Kubernetes itself: ${parts.length}</summary>`, '', ...parts.map(({ kind, name, findings }) =>
      `- ${kind} ${code(name)}: ${[...new Set(findings.map(({ id }) => id))].join(', ')}`), '', '</details>', ''] : [],
    'Read from RBAC and what stands around it. A step that an admission policy stops is told all the same.',
    '',
  ].join('\n');
}
