import { PermissionChange, PermissionChangeKind } from 'cdk8s-secure-debug';
import { OtherChange } from './diff-network';
import { counted, STYLES } from './inventory-text';
import { code } from '../audit/drift-markdown';
import { Paint, plain } from '../text';

const { GAINED, GUARDRAIL_WEAKENED, GUARDRAIL_CHANGED, FLAW_ADDED } = PermissionChangeKind;
const OPENING = [GAINED, GUARDRAIL_WEAKENED, GUARDRAIL_CHANGED, FLAW_ADDED];

/** For a terminal: what opens first, then what closes. */
export function diffText(paint: Paint, changes: PermissionChange[], others: OtherChange[]): string {
  const [opening, closing] = [true, false].map(opens => ({
    changes: changes.filter(({ kind }) => OPENING.includes(kind) === opens), others: others.filter(one => one.opens === opens),
  }));
  const lines = (side: typeof opening) => [
    ...side.changes.flatMap(({ danger, id, text, through }) => [
      `  ${paint(STYLES[danger], danger.padEnd(8))} ${id} ${plain(text)}`, ...through.map(one => paint('dim', `             ${plain(one)}`)),
    ]),
    ...side.others.map(({ about, text }) => `  ${paint(side === opening ? 'red' : 'dim', about.padEnd(8))} ${plain(text)}`),
  ];
  const count = (side: typeof opening) => [counted(side.changes.map(({ danger }) => danger)), ...['audit', 'network']
    .map(about => side.others.filter(one => one.about === about).length)
    .map((many, i) => many > 0 ? `${many} of the ${['audit log', 'network'][i]}` : '')].filter(Boolean).join(', ');
  const [more, less] = [lines(opening), lines(closing)];
  return [
    more.length > 0 ? paint('bold', `More is allowed: ${count(opening)}`) : 'Nothing more is allowed than before.',
    ...more,
    ...less.length > 0 ? ['', paint('bold', `Less is allowed: ${count(closing)}`), ...less] : [],
  ].join('\n');
}

/** After the table of rights, for a comment on a pull request. */
export function otherMarkdown(others: OtherChange[]): string[] {
  const section = (heading: string, about: string) => {
    const here = others.filter(one => one.about === about);
    return here.length === 0 ? [] : ['', `### ${heading}`, '', ...here.map(({ opens, text }) => `- ${opens ? '🟧' : '🟩'} ${code(text)}`)];
  };
  return [...section('The audit log', 'audit'), ...section('The network', 'network')];
}
