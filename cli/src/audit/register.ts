import { Option } from 'commander';
import { drift } from './drift';
import { simulate } from './simulate';
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

  const audit = root.command('audit').description('what audit logs and audit policies tell; no cluster is asked').helpCommand(false);
  audit.command('simulate <policy> [audit-logs...]')
    .description('what an audit policy records: of a log, of requests, or else of every debug request there is')
    .addOption(new Option('--json', 'print JSON'))
    .option('--markdown', 'text for the pull request that changes the policy')
    .option('--compare <old>', 'beside another policy: what changes, and by how much')
    .option('--request <request>', 'such as "create pods/exec ledger-0", or the id of a capability; repeatable', several)
    .option('--as <user>', 'who sends the requests (default: somebody who is logged in)')
    .option('--as-group <group>', 'in this group; repeatable', several)
    .option('-n, --namespace <namespace>', 'in this namespace')
    .option('--fail-on <what>', 'exit with 1 if there is: lost, weaker, damaged; repeatable', several)
    .action(async (policy, files, options) => answer(await simulate(io, policy, files, options), options));
}
