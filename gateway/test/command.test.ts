import { CONFIG } from './config';
import { parseCommand } from '../src/command';

const parse = (text?: string) => parseCommand(CONFIG, text);
const at = { namespace: 'payments', pod: 'ledger-0' };

test.each<[string | undefined, object]>([
  [undefined, { kind: 'menu' }],
  ['  ', { kind: 'menu' }],
  ['help', { kind: 'help' }],
  ['pods', { kind: 'pods', namespace: undefined }],
  ['pods payments', { kind: 'pods', namespace: 'payments' }],
  ['logs payments/ledger-0', { kind: 'logs', at, follow: false, previous: false }],
  ['logs -f -p --tail 5 -c app payments/ledger-0', { kind: 'logs', at: { ...at, container: 'app' }, follow: true, previous: true, tail: 5 }],
  ['exec payments/ledger-0 -- ls -la "a b"', { kind: 'exec', at, input: false, command: ['ls', '-la', 'a b'] }],
  ['exec payments/ledger-0 -- sh -c \'echo "it\'"\'"\'s"\'', { kind: 'exec', at, input: false, command: ['sh', '-c', 'echo "it\'s"'] }],
  ['exec payments/ledger-0 -- echo $(id) ; ls | cat', { kind: 'exec', at, input: false, command: ['echo', '$(id)', ';', 'ls', '|', 'cat'] }],
  ['exec -it payments/ledger-0 -- sh', { kind: 'exec', at, input: true, command: ['sh'] }],
  ['exec payments/ledger-0 -- env -- x', { kind: 'exec', at, input: false, command: ['env', '--', 'x'] }],
  ['debug payments/ledger-0', { kind: 'debug', at, input: false, image: 'docker.io/library/busybox:1.37.0', command: [] }],
  ['debug --image docker.io/library/alpine:3.22 payments/ledger-0 -- ps', { kind: 'debug', at, input: false, image: 'docker.io/library/alpine:3.22', command: ['ps'] }],
  ['forward payments/ledger-0 8080', { kind: 'forward', at, port: 8080 }],
])('%j', (text, action) => {
  expect(parse(text)).toEqual(action);
});

test.each<[string, RegExp]>([
  ['sh', /sh is no command/],
  ['exec payments/ledger-0', /needs a command/],
  ['exec payments/ledger-0 ls', /a command/],
  ['exec ledger-0 -- ls', /no NAMESPACE\/POD/],
  ['exec payments/../../x -- ls', /no NAMESPACE\/POD/],
  ['exec payments/x?y -- ls', /no NAMESPACE\/POD/],
  ['exec Payments/x -- ls', /no NAMESPACE\/POD/],
  ['exec kube-system/x -- ls', /kube-system is not reached/],
  ['exec ledger/x -- ls', /exec is not granted in ledger/],
  ['exec -c "a b" payments/x -- ls', /no container's name/],
  ['exec --as bob payments/x -- ls', /Unknown option/],
  ['exec payments/x payments/y -- ls', /takes one pod/],
  ['logs', /takes one pod/],
  ['logs --tail -1 payments/x', /tail/],
  ['logs --tail 1e3 payments/x', /no number of lines/],
  ['debug --image evil/x:1 payments/x', /none of the gateway's/],
  ['forward payments/x 22', /22 is not granted/],
  ['forward payments/x', /a pod and a port/],
  ['forward ledger/x 8080', /not granted/],
  ['pods payments ledger', /one namespace/],
  ['exec payments/x -- "ls', /never closed/],
  ['exec payments/x -- \u001b[2J', /control characters/],
  ['exec payments/x -- a\0b', /control characters/],
])('refused: %j', (text, said) => {
  expect(() => parse(text)).toThrow(said);
  try { parse(text); } catch (error) { expect((error as Error).message).not.toMatch(/[\0-\x1f]/); }
});

test('a gateway without debug images says so where one is asked for', () => {
  expect(() => parseCommand({ ...CONFIG, debugImages: [] }, 'debug --image x:1 payments/x')).toThrow('there are none');
});
