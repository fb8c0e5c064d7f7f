import { code, codes, line } from './markdown';
import { PermissionChange } from './permission-change';
import { Danger } from '../model/capability';
import { sortedUnique } from '../private/canonical';

const ICONS: { readonly [danger in Danger]: string } = { critical: '🟥', high: '🟧', medium: '🟨', low: '⬜' };

/** Changes as a table; what is said of the same subject at the same place stands together. */
function table(changes: PermissionChange[]): string[] {
  return [
    line('Danger', 'Who', 'Where', 'What', 'Through'),
    line('---', '---', '---', '---', '---'),
    ...changes.map(({ danger, who, where, what, through }) =>
      line(`${ICONS[danger]} ${danger}`, who === undefined ? '–' : code(who), where === undefined ? '–' : code(where), code(what), codes(sortedUnique(through)))),
  ];
}

/** `1 critical, 2 high`. */
function counted(changes: PermissionChange[]): string {
  return Object.values(Danger).reverse().map(danger => [changes.filter(change => change.danger === danger).length, danger] as const)
    .filter(([count]) => count > 0).map(([count, danger]) => `${count} ${danger}`).join(', ');
}

/** What is opened in full, what is closed folded in. */
export function diffMarkdown(all: PermissionChange[], opening: PermissionChange[]): string {
  const closing = all.filter(change => !opening.includes(change));
  return [
    '## What people may do: changes',
    '',
    ...opening.length > 0 ? [`**More is allowed**: ${counted(opening)}.`, '', ...table(opening)] : ['Nothing more is allowed than before.'],
    ...closing.length > 0 ? [
      '', '<details>', `<summary>Less is allowed: ${closing.length} ${closing.length === 1 ? 'change' : 'changes'}</summary>`, '', ...table(closing), '', '</details>',
    ] : [],
    '',
    'Read from the manifests: RBAC, requests and admission policies.',
    '',
  ].join('\n');
}
