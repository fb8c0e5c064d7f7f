import { Option } from 'commander';
import { ask } from './ask';
import { drift } from './drift';
import { readiness } from './readiness';
import { report } from './report';
import { simulate } from './simulate';
import { OK } from '../errors';
import { Registration, several } from '../registration';

/** What reads audit logs. */
export function registerAudit({ root, io, answer, done }: Registration): void {
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
  audit.command('report [logs...]')
    .description('who debugged what, by which way, with which grant: sessions, by audit logs (default: standard input)')
    .addOption(new Option('--json', 'print JSON'))
    .option('--csv', 'print CSV')
    .option('--markdown', 'print text for a ticket')
    .option('--sarif', 'print SARIF of what is outside every path')
    .option('--html <file>', 'write a report for a browser, in one file')
    .option('--recordings <folder>', 'with --html: play the recordings of the SSH gateway in this folder, each with its session; repeatable', several)
    .option('--since <time>', 'sessions that began from then on; RFC 3339, e.g. 2026-03-01T18:00:00Z')
    .option('--until <time>', 'sessions that began until then')
    .option('--user <name>', 'of this person; repeatable', several)
    .option('--without-user <name>', 'not of this one, such as a backup that uses exec; repeatable', several)
    .option('-n, --namespace <namespace>', 'of this namespace; repeatable (default: all)', several)
    .option('--path <path>', 'by this way: on-call, read-only, just-in-time, break-glass, gateway, gitops-emergency, outside, none; repeatable', several)
    .option('--cluster <name=log>', 'logs of several clusters; repeatable', several)
    .option('--declared <manifests>', 'only bindings in these files or folders are a declared way (default: by the names of Roles); repeatable', several)
    .option('--convert <folder>', 'also write what matters of the logs as Parquet, by day, for repeated questions')
    .option('--fail-on <what>', 'exit with 1 if there is: outside, refused, damaged, unrecorded; repeatable', several)
    .action(async (logs, options) => {
      const result = await report(io, logs, options);
      if (result.written) done(result.code ?? OK);
      else answer(result, options);
    });
  audit.command('sql <question> [logs...]')
    .description('a question of your own on sessions, denials, grants, would_deny and events, in SQL')
    .addOption(new Option('--json', 'print JSON'))
    .option('--cluster <name=log>', 'logs of several clusters; repeatable', several)
    .option('--declared <manifests>', 'as for report; repeatable', several)
    .action(async (question, logs, options) => answer(await ask(io, question, logs, options), options));
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
  audit.command('readiness [audit-logs...]')
    .description('is the next step safe: of guardrails from Audit to Warn to Deny, of people to the next phase (default: standard input)')
    .addOption(new Option('--json', 'print JSON'))
    .option('--markdown', 'text for the pull request that takes the step')
    .option('--declared <manifests>', 'the YAML that is applied: how often a guardrail was asked, and which bindings nobody uses; repeatable', several)
    .option('--days <days>', 'so many days have to be quiet (default: 7)')
    .option('--requests <requests>', 'so many requests have to be seen (default: 20)')
    .option('--since <time>', 'from then on, such as since the guardrail is there; RFC 3339')
    .option('--fail-on <what>', 'exit with 1 if there is: not-ready, not-enough, damaged; repeatable', several)
    .action(async (files, options) => answer(await readiness(io, files, options), options));
}
