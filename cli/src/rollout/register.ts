import { Option } from 'commander';
import { rollout } from './rollout';
import { Registration, several } from '../registration';

/** rollout */
export function registerRollout({ root, io, answer }: Registration): void {
  root.command('rollout [old] [new]')
    .description('how far a cluster has come (OLD, or --live), and with NEW the pull request that takes it to the next phase: is it safe, what changes for whom, the way back; both are folders of manifests')
    .addOption(new Option('--json', 'print JSON'))
    .option('--live', 'how far the cluster of your kubeconfig has come')
    .option('--kubeconfig <file>', 'kubeconfig for --live (default: KUBECONFIG or ~/.kube/config)')
    .option('--context <name>', 'context for --live (default: the current one)')
    .option('--to <phase>', 'credentials or broker (default: the one that NEW is in, or comes next)')
    .option('--log <file>', 'audit log that says whether it is safe; repeatable', several)
    .option('--days <number>', 'days at the end of the log that count (default: 7)')
    .option('--requests <number>', 'requests that are enough to judge by (default: 20)')
    .option('--fail-on <what>', 'exit with 1 if it is: not-ready, not-enough; repeatable', several)
    .action(async (old, young, options) => answer(await rollout(io, old, young, options), options));
}
