import { AllowList, Exec, objection } from '../src/allow-list';
import { Person } from '../src/person';

const LIST: AllowList = {
  deny: true,
  exceptions: { users: ['olga'], groups: ['operators'] },
  sets: [
    { name: 'diagnostics', tty: false, stdin: false, exact: [['id'], ['ps', 'aux']], pattern: '^(?:ls(?:\\n(?:/[a-z]+)){0,2}|say\\n(?:\\u{2e}))$' },
    { name: 'shell', tty: true, stdin: true, exact: [['sh']] },
  ],
  rights: [
    { namespaces: ['payments'], groups: ['oncall'], sets: ['diagnostics'], portForward: true },
    { namespaces: ['payments'], groups: ['requesters'], sets: ['shell'], portForward: false },
  ],
  words: {
    unknown: ['exec of "', '$shown', '" in ', '$place', ' is in none of: all of $place'],
    withoutStreams: ['"', '$shown', '" without -i and -t only'],
    notGranted: ['takes the command set ', '$fitting', ', which is not granted to you'],
    portForward: ['port-forward to ', '$place', ' is not granted to you'],
  },
};
const who = (claims: string[], user = 'alice') => ({ user, groups: [], claims, certificate: {} }) as unknown as Person;
const at = { namespace: 'payments', pod: 'ledger-0' };
const exec = (command: string[], streams: Partial<Exec> = {}): Exec => ({ command, tty: false, stdin: false, ...streams });

test.each([[['id']], [['ps', 'aux']], [['ls']], [['ls', '/tmp', '/var']], [['say', '.']]])('allowed: %j', command => {
  expect(objection(LIST, who(['oncall']), at, exec(command))).toBeUndefined();
});

test.each([
  ['a word more', ['id', '-u']],
  ['words that a line end joins', ['ps\naux']],
  ['a word with a line end where the pattern has two', ['ls\n/tmp']],
  ['what a pattern contains', ['ls', '/tmp', '/var', '/etc']],
  ['a character that a pattern means by number', ['say', 'x']],
  ['nothing', []],
])('refused: %s', (_name, command) => {
  expect(objection(LIST, who(['oncall']), at, exec(command))).toContain('is in none of: all of $place');
});

test('the words are those of the guardrail, with what was asked for in them', () => {
  expect(objection(LIST, who(['oncall']), at, exec(['rm', '-rf\n', '$place']))).toBe('exec of "rm -rf  $place" in payments/ledger-0 is in none of: all of $place');
  expect(objection(LIST, who(['oncall']), at, exec(['id'], { tty: true, stdin: true }))).toBe('"id" without -i and -t only');
  expect(objection(LIST, who(['oncall']), at, exec(['sh'], { tty: true, stdin: true }))).toBe('takes the command set shell, which is not granted to you');
  expect(objection(LIST, who(['requesters']), at, 'port-forward')).toBe('port-forward to payments/ledger-0 is not granted to you');
});

test('what a grant may give is left to the API server', () => {
  expect(objection(LIST, who(['requesters']), at, exec(['sh'], { tty: true, stdin: true }))).toBeUndefined();
  expect(objection(LIST, who(['oncall']), at, 'port-forward')).toBeUndefined();
});

test('elsewhere the same group may nothing', () => {
  expect(objection(LIST, who(['oncall']), { namespace: 'ledger', pod: 'x' }, exec(['id']))).toContain('not granted to you');
});

test('exceptions pass, and so does everybody without a list', () => {
  expect(objection(LIST, who([], 'olga'), at, exec(['rm']))).toBeUndefined();
  expect(objection(LIST, who(['operators']), at, exec(['rm']))).toBeUndefined();
  expect(objection(undefined, who([]), at, exec(['rm']))).toBeUndefined();
});
