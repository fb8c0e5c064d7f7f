import { Option } from 'commander';
import { Registration, several } from '../registration';
import { minimize } from './minimize/minimize';
import { check } from './plan/check';
import { plan } from './plan/plan';
import { replay } from './replay/replay';

/** What leads away from cluster-admin: the role that somebody needs, and whether a role is enough. */
export function registerMigration({ root, io, answer, command }: Registration): void {
  command(root, 'minimize [audit-logs...]', 'the least role by which somebody could have done what audit logs say they did (default: standard input)')
    .option('--user <name>', 'of this user, as the log names them')
    .option('--group <name>', 'of everybody in this group')
    .option('--service-account <namespace/name>', 'of this ServiceAccount')
    .option('--typescript', 'print a cdk8s app instead of YAML')
    .option('--name <name>', 'of the roles and bindings (default: minimal-NAME)')
    .option('--cluster-role', 'one ClusterRole instead of a Role in each namespace: it reaches into all of them')
    .option('--no-names', 'grant every object of a kind, also where the log has few names that stay the same')
    .option('--with-guardrail-refusals', 'also grant what RBAC allowed and a guardrail refused')
    .option('--held <manifests>', 'roles and bindings of today, a file or folder, to tell what is lost; repeatable', several)
    .option('--live', 'the same from the cluster')
    .action(async (files, options) => answer(await minimize(io, files, options), options));

  root.command('replay [audit-logs...]')
    .description('whether roles would have been enough for what audit logs say was done (default: standard input); exits with 1 if not. Recordings of sessions are played by: ssh replay')
    .addOption(new Option('--json', 'print JSON'))
    .option('--markdown', 'text for a pull request')
    .option('--roles <manifests>', 'roles and bindings, a file or folder; repeatable', several)
    .option('--user <name>', 'what this user did alone')
    .option('--group <name>', 'what members of this group did alone')
    .option('--service-account <namespace/name>', 'what this ServiceAccount did alone')
    .option('--all', 'what everybody did (default: those that a binding names)')
    .action(async (files, options) => answer(await replay(io, files, options), options));

  const planning = command(root, 'plan [manifests...]', 'how everybody comes off what they do not need: the plan, the new rights as a cdk8s app, and the scripts')
    .option('--live', 'bindings of the cluster instead of manifests')
    .option('--audit-log <file>', 'what was done; repeatable', several)
    .option('--out <folder>', 'where the plan goes')
    .option('--break-glass <group>', 'keeps what it has; repeatable', several)
    .option('--time-bound <group>', 'gets what acts in containers on request alone; repeatable', several)
    .option('--approvers <group>', 'approves such requests (default: nobody has to); repeatable', several)
    .option('--wave <name=namespaces>', 'namespaces that are moved together, in this order, e.g. staging=web,api; repeatable', several)
    .option('--waves <file>', 'the same from a file')
    .option('--force', 'write into a folder that is not empty')
    .action(async (files, options) => answer(await plan(io, files, options), options));
  command(planning, 'check <folder>', 'whether a wave of a plan may go on')
    .option('--wave <number>', 'which (default: the last)')
    .option('--done', 'also that what it takes away is gone')
    .option('--manifests <manifests>', 'ask these instead of the cluster; repeatable', several)
    .action(async (folder, _, self) => {
      // What both commands know, commander gives to the outer one, which takes several waves.
      const { wave, ...others } = self.optsWithGlobals();
      const options = { ...others, wave: [wave].flat().at(-1) };
      return answer(await check(io, folder, options), options);
    });
}
