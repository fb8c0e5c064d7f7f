import { Command, Option } from 'commander';
import { diff } from './diff';
import { inventory } from './inventory';
import { Registration, several } from '../registration';

/** Options of what reviews manifests. */
function reviewing(command: Command, html: boolean): Command {
  command.option('--markdown', html ? 'text for a wiki' : 'text for a comment on a pull request');
  if (html) command.option('--html', 'a page that stands alone, with the graph');
  return command.option('-n, --namespace <namespace>', 'of manifests that name none (default: default)')
    .option('--sarif', 'SARIF 2.1.0 for code scanning')
    .option('--skip-damaged', 'review the rest when something cannot be read');
}

/** What reviews who may do what. */
export function registerReview({ root, io, answer, command }: Registration): void {
  reviewing(command(root, 'inventory [manifests...]', 'who holds cluster-admin or other broad power, at once or in steps'), true)
    .option('--live', 'of the cluster')
    .option('--git <ref>', 'of a commit; the paths are meant within it')
    .option('--audit-log <file>', 'tell when it was last used, and from where; repeatable', several)
    .option('--fail-on <danger>', 'exit with 1 if there is one of this danger or worse: low, medium, high, critical')
    .option('--today <day>', 'by which accepted findings end, e.g. 2026-03-01 (default: today, UTC)')
    .option('--all', 'also the parts of Kubernetes itself')
    .action(async (files, options) => answer(await inventory(io, files, options), options));

  reviewing(root.command('diff [states...]')
    .description('what a change does to what people may do: OLD NEW, each a file, a folder or -; with --git OLDREF NEWREF [paths...]')
    .addOption(new Option('--json', 'print JSON'))
    .option('--git', 'compare two commits')
    .option('--fail-on <what>', 'exit with 1 if there is: low, medium, high, critical, gains, guardrails, network, audit, any; repeatable', several), false)
    .action(async (states, options) => answer(await diff(io, states, options), options));
}
