import { App, Chart, Duration } from 'cdk8s';
import * as fc from 'fast-check';
import {
  ApprovalQuorum, Argument, AttachScope, Broker, BrokerBreakGlass, BrokerPolicy, BrokerPolicyProps, BrokerRequest, BrokerTeam, Command, CommandSet,
  DebugCapability, DebugImage, GroupDuration, GuardrailException, GuardrailMode, PodSecurityLevel, SecureDebugWarnings,
} from '../../src';

/** The objects, key by key, of what a policy becomes. */
export function yamlOf(policy: BrokerPolicy): string {
  const chart = new Chart(new App(), 'chart');
  SecureDebugWarnings.rules().forEach(({ id }) => SecureDebugWarnings.acknowledge(chart, id, 'made by chance'));
  new Broker(chart, 'broker', { policy });
  return JSON.stringify(chart.toJson(), null, 1);
}

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const flag = maybe(fc.boolean());
const some = <T>(values: readonly T[], minLength = 1) => fc.uniqueArray(fc.constantFrom(...values), { minLength, maxLength: 4 });
/** Without the keys that are undefined, some of the time: both have to mean the same. */
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> => fc.record(model) as fc.Arbitrary<T>;

/** Words that a command takes; which these are is tested with commands. */
const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter(value => {
  try {
    return Command.exact('echo', value) && Argument.oneOf(value) && value.trim() === value && value !== '';
  } catch {
    return false;
  }
});

const argument: fc.Arbitrary<Argument> = fc.tuple(
  fc.oneof(
    fc.constantFrom('/var/log', '/a/b-c/d.e', '/srv').map(directory => Argument.pathBelow(directory)),
    fc.array(text, { minLength: 1, maxLength: 3 }).map(values => Argument.oneOf(...new Set(values))),
    fc.constantFrom(0, 1, 2).map(i => [Argument.word(), Argument.number(), Argument.path()][i]),
  ),
  fc.boolean(),
  maybe(fc.integer({ min: 2, max: 32 })),
).map(([one, optional, times]) => {
  const repeated = times === undefined ? one : one.repeated(times);
  return optional ? repeated.optional() : repeated;
});

const command: fc.Arbitrary<Command> = fc.tuple(fc.constantFrom('ls', 'cat', 'jcmd', '/bin/ps'), fc.array(text, { maxLength: 2 }), fc.array(argument, { maxLength: 2 }))
  .map(([program, words, rest]) => (rest.length ? Command.withArguments([program, ...words], rest) : Command.exact(program, ...words)));
const commands = fc.uniqueArray(command, { minLength: 1, maxLength: 4, selector: one => one._pattern });

const shellOf = (list: Command[]) => (list.some(one => one.runsAnything !== undefined) ? 'it is needed at night' : undefined);
const ownSet = (name: string): fc.Arbitrary<CommandSet> => fc.tuple(fc.oneof(commands, fc.constant<Command[]>([Command.exact('sh')])), flag, flag)
  .map(([list, tty, stdin]) => new CommandSet(name, { commands: list, tty, stdin, shellReason: shellOf(list) }));
const anySet = (name: string): fc.Arbitrary<CommandSet> => fc.oneof(
  ownSet(name),
  fc.constant(CommandSet.copyFrom('/var/log', name)),
  // What only looks like a set of the library.
  ownSet('diagnostics'), ownSet('shell'), ownSet('copy-from'),
  fc.constantFrom(0, 1, 2).map(i => [CommandSet.readOnlyDiagnostics(), CommandSet.shell(), CommandSet.copyFrom('/srv')][i]),
);

const sets = fc.uniqueArray(fc.constantFrom('jvm', 'db', 'net', 'files').chain(anySet), { minLength: 1, maxLength: 4, selector: set => set.name });

const image = (name: string, known: CommandSet[]): fc.Arbitrary<DebugImage> => fc.record({
  tags: maybe(some(['1.36', '1.37.0', '2'])),
  digests: some([`sha256:${'a'.repeat(64)}`, `sha512:${'0'.repeat(128)}`]),
  commands: maybe(commands),
  commandSets: fc.uniqueArray(fc.oneof(...known.map(set => fc.constant(set)), anySet('own')), { minLength: 1, maxLength: 2, selector: set => set.name }),
  ownEntrypoint: fc.boolean(),
  argumentsAreCommand: flag,
  tty: flag,
  stdin: flag,
  env: maybe(some(['LANG', 'TZ'])),
  volumes: flag,
  capabilities: maybe(some(['SYS_PTRACE', 'NET_ADMIN'])),
}).map(props => new DebugImage(name, { ...props, repository: 'docker.io/library/tools', shellReason: props.ownEntrypoint ? 'the image is our own' : undefined }));

const exceptions = fc.uniqueArray(fc.oneof(
  fc.constantFrom('alice', 'system:serviceaccount:ops:runner').map(name => GuardrailException.user(name, 'runs probes')),
  fc.constant(GuardrailException.group('platform', 'on call for the cluster')),
  fc.constant(GuardrailException.serviceAccount('argocd', 'controller', 'deploys "from" Git')),
), { minLength: 1, selector: one => `${one.kind} ${one.name}` });

const CAPABILITIES = [...DebugCapability.all().filter(({ namespaced }) => namespaced), DebugCapability.reading('argoproj.io', 'rollouts'), DebugCapability.reading('example.com', 'b', 'a')];
const capabilities = maybe(some(CAPABILITIES));
/** RBAC cannot limit these by name. */
const harmless = maybe(some(CAPABILITIES.filter(({ id }) => !/^(pod-copy|node-debug)$/.test(id))));
const pods = maybe(some(['ledger-0', 'ledger-1']));
const duration = fc.integer({ min: 600, max: 86_400 }).map(seconds => Duration.seconds(seconds));
const ticketPattern = maybe(fc.constantFrom('INC-[0-9]+', '(INC|CHG)-\\d+', '"x"[^\\n]'));

interface Names { readonly commandSets: string[]; readonly debugImages: string[] }
const named = (names: string[]) => (names.length ? maybe(some(names)) : fc.constant(undefined));

const request = (profile: string | undefined, names: Names): fc.Arbitrary<BrokerRequest> => record<BrokerRequest>({
  profile: fc.constant(profile),
  requesters: some(['developers', 'oncall', 'contractors']),
  approvers: some(['leads', 'security']),
  approvals: maybe(fc.constant(3)),
  quorum: fc.constant(undefined),
  autoApprove: fc.constant(undefined),
  selfApproval: fc.constantFrom(undefined, false),
  maxDuration: maybe(duration),
  maxDurationByGroup: maybe(fc.uniqueArray(fc.record({ group: fc.constantFrom('sre', 'staff'), maxDuration: duration }), { minLength: 1, selector: one => one.group })) as fc.Arbitrary<GroupDuration[] | undefined>,
  ticketPattern,
  capabilities: harmless,
  resourceNames: pods,
  commandSets: named(names.commandSets),
  debugImages: named(names.debugImages),
  maxRoleBindings: maybe(fc.integer({ min: 1, max: 10_000 })),
  policyElsewhere: fc.constant(undefined),
}).chain(one => fc.record({ auto: maybe(some(one.requesters)), quorum: fc.boolean() }).map(({ auto, quorum }) => ({
  ...one,
  autoApprove: auto,
  quorum: quorum && one.approvals ? one.approvers!.map((group): ApprovalQuorum => ({ group, approvals: 1 })) : undefined,
})));

const breakGlass = (names: Names): fc.Arbitrary<BrokerBreakGlass> => record<BrokerBreakGlass>({
  requesters: some(['oncall', 'sre']),
  approvers: maybe(some(['leads', 'security'])),
  approvals: fc.constant(undefined),
  maxDuration: maybe(duration),
  ticketPattern,
  capabilities: harmless,
  extraRules: maybe(fc.uniqueArray(fc.record({ apiGroups: some(['apps', '']), resources: some(['deployments', 'pods']), verbs: some(['patch', 'delete']) }), {
    minLength: 1, maxLength: 2, selector: rule => JSON.stringify(rule),
  })),
  emergencies: flag,
  commandSets: named(names.commandSets),
  debugImages: named(names.debugImages),
  resourceNames: pods,
  profile: maybe(fc.constantFrom('deep', 'data')),
});

const team = (name: string, names: Names): fc.Arbitrary<BrokerTeam> => record<BrokerTeam>({
  name: fc.constant(name),
  namespaces: fc.uniqueArray(fc.constantFrom('a', 'b', 'c').map(end => `${name}-${end}`), { minLength: 1 }),
  onCall: some(['oncall', 'sre', 'https://idp/groups/7', 'Team Ünïcode']),
  capabilities,
  resourceNames: fc.constant(undefined),
  commandSets: named(names.commandSets),
  attach: maybe(fc.constantFrom(...Object.values(AttachScope))),
  portForward: flag,
  proxy: flag,
  debugImages: named(names.debugImages),
  copies: flag,
  nodes: fc.constant(undefined),
  requests: maybe(fc.uniqueArray(fc.constantFrom(undefined, 'database', 'cache').chain(profile => request(profile, names)), { minLength: 1, selector: one => one.profile ?? '' })),
  breakGlass: maybe(breakGlass(names)),
  allowSystemNamespaces: flag,
}).map(one => {
  const without = { ...one, attach: undefined, portForward: undefined, proxy: undefined };
  const open = names.commandSets.length ? one : without;
  return { ...open, copies: names.debugImages.length ? open.copies : undefined, nodes: open.debugImages ? true : undefined };
});

/** Policies that the constructs accept. */
export const policies: fc.Arbitrary<BrokerPolicyProps> = maybe(sets).chain(commandSets => {
  const images = maybe(fc.uniqueArray(fc.constantFrom('tools', 'busybox').chain(name => image(name, commandSets ?? [])), { minLength: 1, selector: one => one.name }));
  return images.chain(debugImages => {
    const names = { commandSets: (commandSets ?? []).map(({ name }) => name), debugImages: (debugImages ?? []).map(({ name }) => name) };
    return fc.record({
      commandSets: fc.constant(commandSets),
      debugImages: fc.constant(debugImages),
      exceptions: maybe(exceptions),
      mode: fc.constantFrom(undefined, GuardrailMode.AUDIT, GuardrailMode.DENY),
      podSecurityLevel: maybe(fc.constantFrom(...Object.values(PodSecurityLevel))),
      requireTarget: flag,
      teams: fc.uniqueArray(fc.constantFrom('payments', 'orders', 'search').chain(name => team(name, names)), { minLength: 1, selector: one => one.name }),
    });
  });
});
