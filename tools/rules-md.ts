/**
 * Writes RULES.md: every SD rule of the source, by area.
 *
 *     npx projen rules
 */
import { writeFileSync } from 'fs';
import { join } from 'path';
import type { WarningRule } from '../src/model/warnings';
import { SecureDebugWarnings } from '../src/model/warnings';

export const RULES_MD = join(__dirname, '..', 'RULES.md');

/** Title and introduction of each thousand of ids. */
export const AREAS: { [thousand: string]: [string, string] } = {
  SD1: ['Access', 'Given by the constructs that grant access.'],
  SD2: ['Audit', 'Given by the audit policy, or found when one is reviewed.'],
  SD3: ['Network', 'Given by `DefaultDenyNetwork`.'],
  SD4: ['Clean-up', 'Given by `DebugContainerCleanup`.'],
  SD5: ['Review', 'Found when manifests are reviewed, whoever wrote them: by `AccessMatrix`, `PermissionInventory`, `SecureDebugRules` and `secure-debug inventory` and `diff`; nothing is printed. One is accepted for a time by the annotation `secure-debug.internal/accepted-findings` of the Role or binding ([how](docs/inventory.md#accepted-for-a-time)).'],
  SD6: ['Guardrails', 'Given by the guardrails.'],
  SD7: ['Credentials', 'Given by the authentication configuration and by certificates.'],
};

const cell = (text: string) => text.replace(/\|/g, '\\|');

/** The rules as Markdown, one table for each area that has any. */
export function renderRules(rules: WarningRule[]): string {
  const tables = Object.entries(AREAS).flatMap(([thousand, [title, introduction]]) => {
    const rows = rules.filter(({ id }) => id.startsWith(thousand));
    return rows.length === 0 ? [] : [
      `## ${title}`, '', introduction, '',
      '| id | what | what can happen | what to do instead |',
      '|---|---|---|---|',
      ...rows.map(rule => `| <a id="${rule.id.toLowerCase()}"></a>${rule.id} | ${cell(rule.title)} | ${cell(rule.why)} | ${cell(rule.fix)} |`),
      '',
    ];
  });
  return [
    '# Rules',
    '',
    '<!-- Written by `npx projen rules` from src/model/warnings.ts; a test holds the two equal. -->',
    '',
    'What is unsafe is an error at construction. What is legal but risky is listed here, under an id that is never used again for something else.',
    'Warnings are printed once to stderr when the app is synthesized, never fail it, and are readable as data with `SecureDebugWarnings.of(app)`.',
    'One that is meant is accepted with a reason, for a construct and everything below it:',
    '',
    '```ts',
    "SecureDebugWarnings.acknowledge(chart, 'SD1001', 'copies are needed until the image has a shell');",
    '```',
    '',
    ...tables,
  ].join('\n');
}

if (require.main === module) writeFileSync(RULES_MD, renderRules(SecureDebugWarnings.rules()));
