import { notify } from './notify';
import { Registration, several } from '../registration';

/** notify */
export function registerNotify({ root, io, done }: Registration): void {
  root.command('notify [audit-logs...]')
    .description('follow audit logs (default: standard input), and tell approvers of requests, approvals and break-glass')
    .option('--slack', 'to the incoming webhook in SECURE_DEBUG_SLACK_URL')
    .option('--pagerduty', 'to PagerDuty Events v2, by the key in SECURE_DEBUG_PAGERDUTY_KEY')
    .option('--webhook', 'as JSON to SECURE_DEBUG_WEBHOOK_URL, with SECURE_DEBUG_WEBHOOK_TOKEN')
    .option('--print', 'as JSON lines to standard output')
    .option('-n, --namespace <namespace>', 'of these namespaces; repeatable (default: all)', several)
    .option('--sealed-group <group>', 'group of sealed credentials, told of whatever they do; repeatable (default: break-glass-sealed)', several)
    .option('--from-start', 'what is in the logs already, too')
    .option('--once', 'end at the end of what is there')
    .addHelpText('after', '\nEach variable may end in _FILE, and names a file then. Secrets are never arguments.')
    .action(async (files, options) => done(await notify(io, files, options)));
}
