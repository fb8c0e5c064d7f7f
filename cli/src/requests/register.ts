import { approve } from './approve';
import { deny, revoke, withdraw } from './close';
import { list } from './list';
import { request } from './request';
import { status } from './status';
import { Registration } from '../registration';

/** Asking, approving, ending. */
export function registerRequests({ namespaced, everywhere, act }: Registration): void {
  namespaced('request [role]', 'ask for a Role for a time (default: debug-grant)')
    .option('--reason <text>', 'why; approvers and the audit log read it')
    .option('--ticket <id>', 'the incident')
    .option('--for <duration>', 'how long, e.g. 45m, 1h30m (default: 30m, or less where the Role allows less)')
    .option('--profile <name>', 'ask for debug-grant-NAME')
    .option('--wait [duration]', 'wait until it is decided, at most so long')
    .action((role, options) => act(options, session => request(session, role, options)));
  namespaced('approve <name-or-user>', 'approve a request of somebody else')
    .option('--as-group <group>', 'as member of this group, where several of yours approve')
    .action((what, options) => act(options, session => approve(session, what, options)));
  namespaced('deny <name-or-user>', 'refuse a request, for good')
    .option('--reason <text>', 'why')
    .action((what, options) => act(options, session => deny(session, what, options)));
  everywhere('revoke [name]', 'end grants and requests: one, all of a person, or all of a ticket')
    .option('--user <user>', 'all of this person')
    .option('--ticket <id>', 'all of this ticket')
    .option('--reason <text>', 'why')
    .action((name, options) => act(options, session => revoke(session, name, options)));
  namespaced('withdraw [role]', 'end your own request or grant')
    .option('--reason <text>', 'why')
    .action((role, options) => act(options, session => withdraw(session, role, options)));
  everywhere('list', 'open requests and running grants')
    .option('--all', 'also what is over')
    .action(options => act(options, session => list(session, options)));
  namespaced('status', 'who you are, what you could ask for, and what you have')
    .action(options => act(options, session => status(session, options)));
}
