import type { AuditRule } from 'cdk8s-secure-debug';
import { code } from './drift-markdown';
import type { Answer, Simulated, Simulation } from './simulate';
import type { Lost, Moved, Replayed } from './simulate-log';
import { table } from '../table';
import { Paint, plain, plural } from '../text';

const many = (count: number): string => count.toLocaleString('en-US');

/** `1.2 MiB` */
export function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = Math.abs(bytes);
  let unit = 0;
  while (value >= 1_024 && unit < units.length - 1) {
    value /= 1_024;
    unit++;
  }
  return `${bytes < 0 ? '-' : ''}${unit === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`;
}

/** Less than an hour says nothing of a day. */
const perDay = (bytes: number, days: number): string => days >= 1 / 24 ? bytesText(bytes / days) : '-';

/** What a rule is limited to, in a few words. */
export function ruleText(rule: AuditRule | undefined): string {
  if (!rule) return 'no rule matches';
  const list = (label: string, values?: string[]) => values?.length ? [`${label} ${values.map(one => one || '""').join('/')}`] : [];
  const resources = rule.resources?.map(({ group, resources: names = ['*'] }) => `${names.join(', ')}${group === '' ? '' : ` of ${group}`}`).join(', ');
  const limits = [
    ...list('users', rule.users), ...list('groups', rule.userGroups), ...list('verbs', rule.verbs), ...resources ? [resources] : [],
    ...list('namespaces', rule.namespaces), ...list('URLs', rule.nonResourceUrls), ...list('without', rule.omitStages),
  ];
  return limits.join('; ') || 'everything else';
}

/** Rules are counted as in the file, from 1. */
const ruleName = (rule: number): string => rule < 0 ? 'none' : `#${rule + 1}`;
const shortened = (text: string, most: number): string => text.length > most ? `${text.slice(0, most - 1)}…` : text;

const SHOWN = 20;

export function simulateText(paint: Paint, result: Simulation): string {
  const { policy, old, events, logs, from, to, days, moved, damagedLines } = result;
  return [
    ...policy.evaluator.remarks.map(one => `${paint('yellow', 'remark:')} ${plain(one)}`),
    ...policy.answers.length > 0 ? [answersTable(paint, policy, old), ''] : [],
    ...policy.replayed ? [
      `${plural(events, 'event')} of ${plural(logs, 'log')}${from && to ? `, ${from} to ${to}` : ''}${damagedLines > 0 ? `; ${plural(damagedLines, 'line')} could not be read` : ''}.`,
      '',
      ...old?.replayed ? [volumesTable(paint, policy.replayed, days, old.replayed), '', ...movedTable(paint, moved)] : [volumesTable(paint, policy.replayed, days), '', rulesTable(paint, policy), ''],
      ...unknown(policy.replayed),
      ...lostLines(paint, policy.replayed),
    ] : [],
    ...gapLines(paint, policy),
    verdict(paint, result),
  ].join('\n');
}

function answersTable(paint: Paint, { answers, evaluator }: Simulated, old?: Simulated): string {
  const level = ({ level: one, lost }: Answer) => lost ? paint('red', `${one}, ${lost === 'lost' ? 'LOST' : 'TOO LITTLE'}`) : one;
  const about = (rule: number) => plain(shortened(ruleText(evaluator.rules[rule]), 90));
  return table(paint, ['REQUEST', ...old ? ['BEFORE'] : [], 'LEVEL', 'RULE', 'WHICH IS ABOUT'], answers.map((one, i) => [
    plain(one.request), ...old ? [level(old.answers[i])] : [], level(one), ruleName(one.rule), about(one.rule),
  ]));
}

function volumesTable(paint: Paint, { volumes }: Replayed, days: number, old?: Replayed): string {
  const level = (name: string) => name === 'None' ? 'not recorded' : name;
  const sum = (of: Replayed, field: 'events' | 'bytes') => of.volumes.filter(one => (one.level as string) !== 'None').reduce((total, one) => total + one[field], 0);
  const cells = (of: { events: number; bytes: number }) => [many(of.events), bytesText(of.bytes), perDay(of.bytes, days)];
  const all = (of: Replayed) => cells({ events: sum(of, 'events'), bytes: sum(of, 'bytes') });
  const now = { volumes } as Replayed;
  return table(paint, ['LEVEL', ...old ? ['EVENTS BEFORE', 'BYTES', 'A DAY'] : [], 'EVENTS', 'BYTES', 'A DAY'], [
    ...volumes.map((one, i) => [level(one.level), ...old ? cells(old.volumes[i]) : [], ...cells(one)]),
    ['recorded', ...old ? all(old) : [], ...all(now)],
  ]);
}

function rulesTable(paint: Paint, { evaluator, replayed }: Simulated): string {
  const used = new Map(replayed!.rules.map(one => [one.rule, one]));
  const rows = [...evaluator.rules.map((_rule, i) => i), ...used.has(-1) ? [-1] : []];
  return table(paint, ['RULE', 'LEVEL', 'EVENTS', 'BYTES', 'WHICH IS ABOUT'], rows.map(i => [
    ruleName(i), evaluator.rules[i]?.level ?? 'None', many(used.get(i)?.events ?? 0), bytesText(used.get(i)?.bytes ?? 0), plain(shortened(ruleText(evaluator.rules[i]), 90)),
  ]));
}

function movedTable(paint: Paint, moved: Moved[]): string[] {
  if (moved.length === 0) return ['Both policies record this log alike.', ''];
  return [
    table(paint, ['REQUEST', 'BEFORE', 'NOW', 'EVENTS', 'BYTES'], moved.slice(0, SHOWN).map(({ request, from, to, fromRule, toRule, events, bytes }) => [
      plain(shortened(request, 60)), `${from} ${ruleName(fromRule)}`, `${to} ${ruleName(toRule)}`, many(events), `${bytes > 0 ? '+' : ''}${bytesText(bytes)}`,
    ])),
    ...moved.length > SHOWN ? [`and ${moved.length - SHOWN} more (--json has all)`] : [],
    '',
  ];
}

function unknown({ unknownBodies, unknownStages }: Replayed): string[] {
  return [
    ...unknownBodies > 0 ? [`${plural(unknownBodies, 'event')} would be recorded with a body that this log has not, so bytes are more than is said here.`] : [],
    ...unknownStages.length > 0 ? [`The policy records the stage ${unknownStages.join(' and ')}, of which this log has no event, so there would be more events.`] : [],
  ];
}

const lostText = ({ capability, request, level, needed, rule, requests, people }: Lost) =>
  `${plural(requests, 'request')} ${request} (${capability}) of ${shortened(people.map(plain).join(', '), 120)}: ${level} by rule ${ruleName(rule)}, ${needed} is needed`;

function lostLines(paint: Paint, { lost, weaker }: Replayed): string[] {
  return [
    ...lost.length > 0 ? [paint('red', 'LOST: debug requests of this log that would not be recorded, or without their outcome'), ...lost.map(one => `  ${lostText(one)}`), ''] : [],
    ...weaker.length > 0 ? [paint('yellow', 'TOO LITTLE: debug requests of this log that would lack the body'), ...weaker.map(one => `  ${lostText(one)}`), ''] : [],
  ];
}

function gapLines(paint: Paint, { gaps, replayed, answers }: Simulated): string[] {
  if (gaps.length === 0) return [];
  const title = `${replayed || answers.length > 0 ? 'Whatever the log or the request: debug' : 'Debug'} requests that the policy does not record as needed`;
  const lines = gaps.slice(0, SHOWN).map(({ explanation }) => `  ${plain(explanation)}`);
  return [paint('bold', title), ...lines, ...gaps.length > SHOWN ? [`  and ${gaps.length - SHOWN} more (--json has all)`] : [], ''];
}

function verdict(paint: Paint, { old, lost, weaker }: Simulation): string {
  const before = old ? `, and ${lost.length + weaker.length === 1 ? 'was' : 'were'} before` : '';
  if (lost.length > 0) return paint('red', `${plural(lost.length, 'kind')} of debug request would not be recorded${before}.`);
  if (weaker.length > 0) return paint('yellow', `${plural(weaker.length, 'kind')} of debug request would be recorded with too little${before}.`);
  return paint('green', old ? 'No debug request is lost that was recorded before.' : 'Every debug request is recorded, whoever sends it, in any namespace.');
}

const row = (...cells: string[]): string => `| ${cells.join(' | ')} |`;
const heading = (...cells: string[]): string[] => [row(...cells), row(...cells.map(() => '---'))];

/** For the pull request that changes an audit policy. */
export function simulateMarkdown(result: Simulation): string {
  const { policy, old, events, from, to, days, moved, damaged, lost, weaker } = result;
  const volumes = (of: Replayed) => of.volumes.map(one => [many(one.events), bytesText(one.bytes), perDay(one.bytes, days)].join(' · '));
  return [
    `## ${old ? 'A change of the audit policy' : 'What the audit policy records'}`,
    '',
    `${old ? `${code(old.file)} → ` : ''}${code(policy.file)}${policy.replayed ? `, on ${plural(events, 'event')}${from && to ? ` from ${code(from)} to ${code(to)}` : ''}` : ''}.`,
    '',
    ...lost.length > 0 ? [`**${plural(lost.length, 'kind')} of debug request would not be recorded${old ? ', and would have been' : ''}:**`, '', ...lost.map(one => `- ${code(one)}`), ''] : [old ? 'No debug request is lost that was recorded before.' : 'Every debug request is recorded.', ''],
    ...weaker.length > 0 ? ['With too little:', '', ...weaker.map(one => `- ${code(one)}`), ''] : [],
    ...policy.answers.length > 0 ? [
      ...heading('Request', ...old ? ['Before'] : [], 'Level', 'Rule'),
      ...policy.answers.map((one, i) => row(code(one.request), ...old ? [old.answers[i].level] : [], one.lost ? `**${one.level}**` : one.level, `${ruleName(one.rule)} ${code(ruleText(policy.evaluator.rules[one.rule]))}`)),
      '',
    ] : [],
    ...policy.replayed ? [
      ...heading('Level', ...old ? ['Before: events, bytes, a day'] : [], 'Events, bytes, a day'),
      ...policy.replayed.volumes.map(({ level }, i) => row((level as string) === 'None' ? 'not recorded' : level, ...old?.replayed ? [volumes(old.replayed)[i]] : [], volumes(policy.replayed!)[i])),
      '',
      ...unknown(policy.replayed).flatMap(one => [one, '']),
    ] : [],
    ...moved.length > 0 ? [
      ...heading('Request', 'Before', 'Now', 'Events', 'Bytes'),
      ...moved.slice(0, SHOWN).map(one => row(code(one.request), `${one.from} ${ruleName(one.fromRule)}`, `${one.to} ${ruleName(one.toRule)}`, many(one.events), `${one.bytes > 0 ? '+' : ''}${bytesText(one.bytes)}`)),
      '',
      ...moved.length > SHOWN ? [`And ${moved.length - SHOWN} more.`, ''] : [],
    ] : [],
    ...policy.evaluator.remarks.length > 0 ? ['The API server takes these otherwise than they look:', '', ...policy.evaluator.remarks.map(one => `- ${code(one)}`), ''] : [],
    ...damaged.length > 0 ? ['Not read:', '', ...damaged.map(one => `- ${code(one)}`), ''] : [],
  ].join('\n').trimEnd();
}
