import { Option } from 'commander';
import { drift } from './drift';
import { Registration, several } from '../registration';

/** What reads audit logs. */
export function registerAudit({ root, io, answer }: Registration): void {
  root.command('drift [audit-logs...]')
    .description('what people changed past Git, by audit logs (default: standard input), for the follow-up commit')
    .addOption(new Option('--json', 'print JSON'))
    .option('--markdown', 'text for the follow-up pull request')
    .option('--since <time>', 'from then on; RFC 3339, e.g. 2026-03-01T18:00:00Z')
    .option('-n, --namespace <namespace>', 'of this namespace (default: all)')
    .option('--ticket <id>', 'of this incident')
    .option('--fail-on <what>', 'exit with 1 if there is: undeclared, no-grant, damaged; repeatable', several)
    .action(async (files, options) => answer(await drift(io, files, options), options));
}
