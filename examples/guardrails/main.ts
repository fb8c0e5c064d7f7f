/**
 * Guardrails and approvals for one team: on call runs diagnostics, a shell takes a request or breaking the glass, and what
 * stands in Git is changed in Git. The cluster's part is one chart, the team's another.
 *
 *     npx tsx --tsconfig tsconfig.dev.json examples/guardrails/main.ts [OUTDIR]
 */
import { join } from 'path';
import { App, Chart, Duration } from 'cdk8s';
import {
  AccessMatrix, AccessRequestPolicy, Argument, AttachScope, AuditPolicy, BindingGuardrail, BreakGlassAccess, Command, CommandSet,
  ControlPlane, DebugContainerAccess, DebugContainerGuardrail, DebugImage, ExecAccess, ExecGuardrail, ExpiredAccessCleanup,
  GitOpsGuardrail, GitOpsIdentity, GuardrailCanary, GuardrailException, GuardrailMode, GuardrailProbe, JustInTimeAccess, OnCallDebugAccess,
  SecureDebugWarnings,
} from 'cdk8s-secure-debug';

const namespace = 'payments';
const onCall = 'oncall-payments';
const leads = 'payments-leads';

const outdir = process.argv[2] ?? join(__dirname, 'out');
const app = new App({ outdir: join(outdir, 'manifests') });

// Once for the cluster, by the platform team.
const cluster = new Chart(app, 'cluster');
SecureDebugWarnings.acknowledge(cluster, 'SD6002', 'the shell is granted on request and in emergencies only');
const diagnostics = CommandSet.readOnlyDiagnostics();
const jvm = new CommandSet('jvm', {
  commands: [Command.exact('jcmd', '1', 'Thread.print'), Command.exact('jcmd', '1', 'GC.heap_info'), Command.withArguments(['tail', '-n', '200'], [Argument.pathBelow('/var/log/app')])],
});
const shell = CommandSet.shell();
const toolbox = new DebugImage('toolbox', { repository: 'docker.io/library/busybox', tags: ['1.37.0'], commandSets: [diagnostics] });
const mode = GuardrailMode.DENY;
new AccessRequestPolicy(cluster, 'requests');
new BindingGuardrail(cluster, 'bindings', { mode, identities: [GitOpsIdentity.argoCd()], exceptions: [GuardrailException.user('cluster-owner', 'turns guardrails off on the worst day')] });
new ExecGuardrail(cluster, 'exec', { mode, namespaces: [namespace], commandSets: [diagnostics, jvm, shell] });
new DebugContainerGuardrail(cluster, 'containers', { mode, namespaces: [namespace], images: [toolbox] });
new GitOpsGuardrail(cluster, 'gitops', { mode, namespaces: [namespace], identities: [GitOpsIdentity.argoCd()] });
new ExpiredAccessCleanup(cluster, 'expired', { namespaces: [namespace] });
// Nothing is applied after the policies until each of them has refused something, and they are asked again every ten minutes.
new GuardrailCanary(cluster, 'canary', { probes: [GuardrailProbe.accessRequests(), GuardrailProbe.bindings(), GuardrailProbe.exec(namespace), GuardrailProbe.gitOps(namespace), GuardrailProbe.debugContainers()] });

// The team's: who is allowed what.
const team = new Chart(app, namespace);
const access = [
  new OnCallDebugAccess(team, 'oncall', { namespace, group: onCall }),
  new JustInTimeAccess(team, 'requests', {
    namespace,
    requests: {
      requesters: ['engineers', onCall],
      approvers: [leads],
      autoApprove: [onCall],
      maxDuration: Duration.minutes(30),
      commandSets: [diagnostics.name, jvm.name],
      debugImages: [toolbox.name],
      ticketPattern: 'INC-[0-9]+',
    },
  }),
  new BreakGlassAccess(team, 'break-glass', {
    namespace,
    requesters: [onCall],
    approvers: [leads],
    commandSets: [diagnostics.name, jvm.name, shell.name],
    extraRules: [{ apiGroups: ['apps'], resources: ['deployments'], verbs: ['patch'] }],
  }),
];
new ExecAccess(team, 'exec', { namespace, group: onCall, commandSets: [diagnostics.name, jvm.name], attach: AttachScope.DEBUG_CONTAINERS, portForward: true });
new DebugContainerAccess(team, 'containers', { namespace, group: onCall, images: [toolbox.name] });

const controlPlane = new ControlPlane({ outdir: join(outdir, 'control-plane') });
new AuditPolicy(controlPlane, 'audit', { access });

app.synth();
controlPlane.synth();
console.log(AccessMatrix.of(app).toText());
