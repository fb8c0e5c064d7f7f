import { code } from './drift-markdown';
import { daysText, Dependent, GuardrailReadiness, Readiness, Refusable, Status } from './readiness-judge';
import { table } from '../table';
import { Paint, plain, plural, Style } from '../text';

const STYLES: { readonly [status in Status]: Style } = { 'ready': 'green', 'not ready': 'red', 'not enough evidence': 'yellow', 'in force': 'dim' };
const PHASES = { credentials: 'credentials: shared administrators\' credentials go, everybody logs in as themselves', broker: 'broker: what people hold all the time becomes what they ask for' };
const SHOWN = 10;

const more = (many: number): string[] => many > SHOWN ? [`    and ${many - SHOWN} more (--json has all)`] : [];
const names = (all: string[], most = 5): string => [...all.slice(0, most), ...all.length > most ? [`${all.length - most} more`] : []].map(plain).join(', ');
const step = ({ mode, next }: GuardrailReadiness): string => next ? `${mode} → ${next}` : mode;

export function readinessText(paint: Paint, readiness: Readiness, events: number): string {
  const { from, to, days, guardrails, phases, unbounded, borrowed, byPath, requests, unused, thresholds } = readiness;
  const period = from ? `, ${from} to ${to} (${daysText(days)})` : '';
  return [
    `${plural(events, 'event')}${period}. What counts is the last ${plural(thresholds.days, 'day')}, and at least ${plural(thresholds.requests, 'request')}.`,
    '',
    paint('bold', 'Guardrails'),
    ...guardrails.length === 0 ? ['  None is in this log. Name the manifests by --declared.'] : [],
    ...guardrails.flatMap(one => [
      `  ${paint(STYLES[one.status], one.status.toUpperCase())}  ${plain(one.policy)}: ${step(one)}`,
      `    ${plain(one.why)}.`,
      ...one.status === 'not ready' || one.next === 'Warn' ? refusables(paint, one.what) : [],
    ]),
    '',
    paint('bold', 'Phases'),
    ...phases.flatMap(({ phase, status, why }) => [`  ${paint(STYLES[status], status.toUpperCase())}  ${PHASES[phase]}`, ...why.map(one => `    ${plain(one)}.`)]),
    `  ${plural(byPath.requests, 'debug request')} of ${plural(byPath.people.length, 'person', 'people')} by the declared paths; ${plural(requests.made, 'request')} for access, ${requests.used} used.`,
    '',
    ...dependents(paint, 'Who still uses cluster-admin or system:masters', unbounded),
    ...dependents(paint, 'ServiceAccounts whose tokens are used at terminals', borrowed),
    ...requests.unused.length > 0 ? [paint('bold', 'Asked for and not used'), ...requests.unused.slice(0, SHOWN).map(one => `  ${plain(one)}`), ...more(requests.unused.length), ''] : [],
    ...unused.length > 0 ? [
      paint('bold', 'Bindings that allowed nothing in this log'),
      ...unused.slice(0, SHOWN).map(({ grant, role, subjects }) => `  ${plain(grant)} → ${plain(role)} for ${names(subjects)}`),
      ...more(unused.length),
      '  RBAC names the first binding that allows a request, so one that only repeats another may be needed.',
      '',
    ] : [],
  ].join('\n').trimEnd();
}

function refusables(paint: Paint, what: Refusable[]): string[] {
  if (what.length === 0) return [];
  const drawn = table(paint, ['TIMES', 'LAST', 'NAMESPACE', 'WHAT', 'WHO'], what.slice(0, SHOWN).map(one => [
    String(one.times), one.last.slice(0, 10), plain(one.namespace || '-'), plain(one.what.length > 60 ? `${one.what.slice(0, 59)}…` : one.what), names([...one.people, ...one.programs], 3),
  ]));
  const told = [...new Set(what.slice(0, SHOWN).map(({ advice }) => advice))];
  return [...drawn.split('\n').map(line => `    ${line}`), ...more(what.length), ...told.map(one => `    ${one}`)];
}

function dependents(paint: Paint, title: string, of: Dependent[]): string[] {
  if (of.length === 0) return [];
  return [
    paint('bold', title),
    ...table(paint, ['WHO', 'REQUESTS', 'DEBUG', 'LAST', 'HOW', 'WHAT, MOST FIRST'], of.slice(0, SHOWN).map(({ who, times, debug, last, how, what }) => [
      plain(who), times.toLocaleString('en-US'), String(debug), last.slice(0, 10), names(how, 2), names(what, 3),
    ])).split('\n').map(line => `  ${line}`),
    ...more(of.length),
    '',
  ];
}

const row = (...cells: string[]): string => `| ${cells.join(' | ')} |`;
const heading = (...cells: string[]): string[] => [row(...cells), row(...cells.map(() => '---'))];
const codes = (all: string[], most = 5): string => [...all.slice(0, most).map(code), ...all.length > most ? [`${all.length - most} more`] : []].join(', ');

/** For the pull request that changes a mode or a phase. */
export function readinessMarkdown(readiness: Readiness, events: number, damaged: string[]): string {
  const { from, to, days, guardrails, phases, unbounded, borrowed, byPath, requests, unused } = readiness;
  return [
    '## Is the next step safe?',
    '',
    `${plural(events, 'event')}${from ? `, ${code(from)} to ${code(to!)} (${daysText(days)})` : ''}.`,
    '',
    ...guardrails.length > 0 ? [
      ...heading('Guardrail', 'Step', 'Verdict', 'Asked', 'Would have refused', 'Why'),
      ...guardrails.map(one => row(code(one.policy), step(one), `**${one.status}**`, one.asked === undefined ? '–' : one.asked.toLocaleString('en-US'), String(one.recent), code(one.why))),
      '',
    ] : [],
    ...guardrails.filter(({ what, status }) => what.length > 0 && status !== 'in force').flatMap(({ policy, what }) => [
      `### ${code(policy)}`,
      '',
      ...heading('Times', 'What', 'Where', 'Who', 'What to do'),
      ...what.slice(0, 50).map(one => row(String(one.times), code(one.what), code(one.namespace || '-'), codes([...one.people, ...one.programs]), one.advice)),
      '',
    ]),
    ...heading('Phase', 'Verdict', 'Why'),
    ...phases.map(({ phase, status, why }) => row(phase, `**${status}**`, why.map(code).join('<br>') || '–')),
    '',
    `${plural(byPath.requests, 'debug request')} of ${plural(byPath.people.length, 'person', 'people')} by the declared paths; ${plural(requests.made, 'request')} for access, ${requests.used} used.`,
    '',
    ...unbounded.length + borrowed.length > 0 ? [
      ...heading('Still comes in by', 'Who', 'Requests', 'Debug', 'Last', 'What'),
      ...[...unbounded, ...borrowed].map(({ how, who, times, debug, last, what }) => row(codes(how), code(who), `${times}`, `${debug}`, last.slice(0, 10), codes(what, 3))),
      '',
    ] : [],
    ...unused.length > 0 ? ['Bindings that allowed nothing in this log:', '', ...unused.map(one => `- ${code(`${one.grant} → ${one.role}`)} for ${codes(one.subjects)}`), ''] : [],
    ...damaged.length > 0 ? ['Not read:', '', ...damaged.map(one => `- ${code(one)}`), ''] : [],
  ].join('\n').trimEnd();
}
