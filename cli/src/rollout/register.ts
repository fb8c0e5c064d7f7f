import { Option } from 'commander';
import { rollout } from './rollout';
import { Registration, several } from '../registration';

/** rollout */
export function registerRollout({ root, io, answer }: Registration): void {
  root.command('rollout <old> <new>')
    .description('the pull request that takes a cluster to the next phase: is it safe, what changes for whom, the way back; OLD and NEW are folders of manifests')
    .addOption(new Option('--json', 'print JSON'))
    .option('--to <phase>', 'credentials or broker')
    .option('--log <file>', 'audit log that says whether it is safe; repeatable', several)
    .option('--days <number>', 'days at the end of the log that count (default: 7)')
    .option('--requests <number>', 'requests that are enough to judge by (default: 20)')
    .option('--fail-on <what>', 'exit with 1 if it is: not-ready, not-enough; repeatable', several)
    .action(async (old, young, options) => answer(await rollout(io, old, young, options), options));
}
