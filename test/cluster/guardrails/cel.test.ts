import * as fc from 'fast-check';
import { Argument, Command, CommandSet } from '../../../src';
import { literal, quoted } from '../../../src/model/cel';
import { Answer, Api } from '../lab/api';
import { theCluster } from '../lab/cluster';
import { apply, asAdmin } from '../lab/kubectl';
import { serviceAccount } from '../lab/people';
import { eventually, inParallel } from '../lab/process';
import { namespace, remove } from '../lab/targets';

/**
 * The CEL and the patterns that are generated from texts of users, decided by the API server itself: a policy on ConfigMaps
 * stands in for those of the guardrails, which ask the same expressions about other requests.
 */
const cluster = theCluster();
const NAMESPACE = 'sd-cel';
const SAMPLES = 32;

/** What somebody would write to get out of a string or a pattern, among what people write. */
const HOSTILE = [
  '"', '\'', '\\', '\\"', '""" || true || """', '\') || true || (\'', '"] || true || ["', '${x}', '\\u0022', '\ufeff', '\u202e', '|', '.*', '\\x{22}', '\\E', '\\Q', '(?i)', '(?s).', '$', '^', '[', ')', '+', '{2}',
  '💥', 'é', 'e\u0301', 'K', '\u212a', 'ß', 'İ', '-', ' ',
];
const sample = (unit: 'binary' | 'grapheme', more: string[], seed: number) => fc.sample(
  fc.array(fc.oneof(fc.constantFrom(...HOSTILE, ...more), fc.string({ unit, maxLength: 4 })), { minLength: 1, maxLength: 5 }).map(parts => parts.join('')), { numRuns: SAMPLES, seed },
);

/** Any text, line ends and control characters too. */
const TEXTS = sample('binary', ['\n', '\r\n', '\u0000', '\u2028', '\u2029', '\u007f'], 1);
/** What a command takes as a word. */
const WORDS = [...new Set(sample('grapheme', [], 2).map(text => text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\ufffd]/gu, '')).filter(Boolean))];

/** Two commands for each word: one that is looked up, and one that is a pattern. */
const commandsOf = (word: string) => [Command.exact('show', word), Command.withArguments(['print', word], [Argument.oneOf(word, 'all').optional(), Argument.word().repeated(2)])];

const SEPARATOR = '\u001f';
const ARGV = `object.data.asked.split(${literal(SEPARATOR)})`;
const LINE = `(${ARGV}.exists(word, word.contains('\\n')) ? '' : ${ARGV}.join('\\n'))`;

type Kind = 'literal' | 'pattern' | 'command';

/** What the texts become, by kind. */
const EXPRESSIONS: { [kind in Kind]: string[] } = {
  literal: TEXTS.map(text => `object.data.asked == ${literal(text)}`),
  pattern: TEXTS.map(text => `object.data.asked.matches(${literal(`^(?:${quoted(text)})$`)})`),
  command: WORDS.map(word => new CommandSet('x', { commands: commandsOf(word) })._contains(ARGV, LINE)),
};
const KINDS = Object.keys(EXPRESSIONS) as Kind[];
const POLICIES = KINDS.map(kind => `sd-cel-${kind}`);

/** A policy and its binding; a number says which of the texts is asked about. */
function policy(kind: Kind): object[] {
  const name = `sd-cel-${kind}`;
  const validations = [...EXPRESSIONS[kind], 'false'].map((expression, i) => ({ expression: `object.data.about != '${i}' || (${expression})`, message: 'no', reason: 'Forbidden' }));
  return [
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name },
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: { resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }] },
        matchConditions: [{ name: 'about-it', expression: `object.data.kind == '${kind}'` }],
        validations,
      },
    },
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name },
      spec: { policyName: name, validationActions: ['Deny'], matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': NAMESPACE } } } },
    },
  ];
}

let api: Api;

/** What the policy says to a text, as the one that it knows by that number. */
async function ask(kind: Kind, about: number, asked: string): Promise<'passed' | 'refused'> {
  const { status, body }: Answer = await api.send('POST', `/api/v1/namespaces/${NAMESPACE}/configmaps?dryRun=All`, {
    apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'asked' }, data: { kind, about: String(about), asked },
  });
  if (status === 201) return 'passed';
  // A failure of the expression would refuse too: it must be the validation that says no.
  if (status === 403 && body.message.endsWith('denied request: no')) return 'refused';
  throw new Error(`${kind} ${about} ${JSON.stringify(asked)}: ${status} ${body.message}`);
}

/** Texts close to one: what a wrong escape would take for it. */
const near = (text: string, others: string[], i: number) => [...new Set([
  ...[1, 7, 31].map(step => others[(i + step) % others.length]), `${text}x`, `x${text}`, `${text}\n`, `\n${text}`, `${text}${text}`, text.slice(1), text.slice(0, -1), text.toUpperCase(), text.toLowerCase(), text.normalize('NFD'),
  Array.from(text, (_char, at) => (at === 0 ? '.' : _char)).join(''), JSON.stringify(text), '', 'true',
])].filter(other => other !== text && !/[\ud800-\udfff]/.test(other.replace(/[\ud800-\udbff][\udc00-\udfff]/g, '')));

beforeAll(async () => {
  await remove(cluster, [NAMESPACE]);
  await asAdmin(cluster, ['delete', 'validatingadmissionpolicybinding,validatingadmissionpolicy', '--ignore-not-found', ...POLICIES]);
  await apply(cluster, [namespace(NAMESPACE)]);
  // Not by server-side apply, whose reader of YAML takes no control characters. No text of a user has any.
  for (const object of KINDS.flatMap(policy)) await asAdmin(cluster, ['create', '-f', '-'], { stdin: JSON.stringify(object) });
  await asAdmin(cluster, ['create', 'serviceaccount', 'asker', '-n', NAMESPACE]);
  await asAdmin(cluster, ['create', 'role', 'asker', '-n', NAMESPACE, '--verb=create', '--resource=configmaps']);
  await asAdmin(cluster, ['create', 'rolebinding', 'asker', '-n', NAMESPACE, '--role=asker', `--serviceaccount=${NAMESPACE}:asker`]);
  api = new Api(await serviceAccount(cluster, NAMESPACE, 'asker'));
  for (const kind of KINDS) await eventually('the policy to decide', async () => (await ask(kind, EXPRESSIONS[kind].length, 'x')) === 'refused' || undefined);
});

afterAll(async () => {
  api?.close();
  await asAdmin(cluster, ['delete', 'validatingadmissionpolicybinding,validatingadmissionpolicy', '--ignore-not-found', ...POLICIES]);
  await remove(cluster, [NAMESPACE]);
});

/** Asks each, and returns what was not answered as expected. */
async function wrong(kind: Kind, asked: { about: number; text: string; expected: 'passed' | 'refused' }[]): Promise<object[]> {
  const answers = await inParallel(4, asked, async one => ({ ...one, answer: await ask(kind, one.about, one.text) }));
  process.stdout.write(`asked the API server ${asked.length} times\n`);
  return answers.filter(({ answer, expected }) => answer !== expected);
}

/** Each text by its own number, and what is close to it. */
const eachText = TEXTS.flatMap((text, about) => [
  { about, text, expected: 'passed' as const }, ...near(text, TEXTS, about).map(other => ({ about, text: other, expected: 'refused' as const })),
]);

test('a literal is the text it was made of, and no other', async () => expect(await wrong('literal', eachText)).toEqual([]));

test('a quoted text matches itself, and no other', async () => expect(await wrong('pattern', eachText)).toEqual([]));

test('a command passes by its words alone, whatever they contain', async () => {
  const argv = (...words: string[]) => words.join(SEPARATOR);
  const cases = WORDS.flatMap((word, about) => {
    const other = WORDS[(about + 1) % WORDS.length];
    const passed = [['show', word], ['print', word, 'a'], ['print', word, 'a', 'b'], ['print', word, word, 'a'], ['print', word, 'all', 'a']];
    const refused = [
      ['show'], ['show', word, ''], ['show', word, word], ['', 'show', word], ['show', `${word}\n`], [`show\n${word}`], [`show ${word}`], ['Show', word], ['/bin/show', word], ['show', other], ['show', word, '\n'],
      ['print', word, '-x'], ['print', word, 'a', '-x'], ['print', word, 'a\nb'], ['print', `${word}\na`], ['print', word, 'a', 'b', 'c', 'd'], ['print', other, 'a'], ['print', word, ''], ['print', word, 'a;b'],
      ...near(word, WORDS, about).flatMap(text => [['show', text], ['print', text, 'a']]),
    ];
    return [...passed.map(one => ({ about, text: argv(...one), expected: 'passed' as const })), ...refused.map(one => ({ about, text: argv(...one), expected: 'refused' as const }))];
  });
  expect(await wrong('command', cases)).toEqual([]);
});

test('the policies are type-checked without a complaint', async () => {
  for (const name of POLICIES) {
    const status = await eventually('type checking', async () => {
      const found = JSON.parse(await asAdmin(cluster, ['get', 'validatingadmissionpolicy', name, '-o', 'json']));
      return found.status?.observedGeneration === found.metadata.generation ? found.status : undefined;
    });
    expect(status.typeChecking?.expressionWarnings ?? []).toEqual([]);
  }
});
