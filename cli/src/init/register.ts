import { Option } from 'commander';
import { init } from './init';
import { Registration } from '../registration';

/** init */
export function registerInit({ root, io, answer }: Registration): void {
  root.command('init [folder]')
    .description('write a cdk8s app after a few questions, or for the teams of the present cluster (default folder: debug-access)')
    .addOption(new Option('--json', 'print JSON'))
    .option('--language <language>', 'typescript or python')
    .option('--team <name>', 'the team')
    .option('--namespaces <names>', 'its namespaces, with commas between (default: that of its name)')
    .option('--on-call <group>', 'group of those on call (default: oncall-TEAM)')
    .option('--approvers <group>', 'group of those who approve (default: TEAM-leads)')
    .option('--managed', 'a provider runs the API server, as on EKS, AKS and GKE')
    .option('--platform <name>', 'what the API server is set up with: kubeadm, kind, k3s, talos, …')
    .option('--live', 'the teams that the cluster of your kubeconfig has: who may exec by a RoleBinding, and where')
    .option('--kubeconfig <file>', 'kubeconfig for --live (default: KUBECONFIG or ~/.kube/config)')
    .option('--context <name>', 'context for --live (default: the current one)')
    .option('--yes', 'ask nothing')
    .addHelpText('after', '\nTo begin from who is cluster-admin today: secure-debug plan.')
    .action(async (folder, options) => answer(await init(io, folder ?? 'debug-access', options), options));
}
