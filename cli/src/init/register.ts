import { Option } from 'commander';
import { init } from './init';
import { Registration } from '../registration';

/** init */
export function registerInit({ root, io, answer }: Registration): void {
  root.command('init <folder>')
    .description('write a cdk8s app for one team, after a few questions; no cluster is asked')
    .addOption(new Option('--json', 'print JSON'))
    .option('--language <language>', 'typescript or python')
    .option('--team <name>', 'the team')
    .option('--namespaces <names>', 'its namespaces, with commas between (default: that of its name)')
    .option('--on-call <group>', 'group of those on call (default: oncall-TEAM)')
    .option('--approvers <group>', 'group of those who approve (default: TEAM-leads)')
    .option('--managed', 'a provider runs the API server, as on EKS, AKS and GKE')
    .option('--platform <name>', 'what the API server is set up with: kubeadm, kind, k3s, talos, …')
    .option('--yes', 'ask nothing')
    .addHelpText('after', '\nTo begin from who is cluster-admin today: secure-debug plan.')
    .action(async (folder, options) => answer(await init(io, folder, options), options));
}
