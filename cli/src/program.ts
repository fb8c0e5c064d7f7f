import { Command, CommanderError, Option } from 'commander';
import { ApiError } from './cluster';
import { approve } from './commands/approve';
import { drillSealed } from './commands/break-glass-drill';
import { openSealed } from './commands/break-glass-open';
import { seal } from './commands/break-glass-seal';
import { sealedStatus } from './commands/break-glass-status';
import { deny, revoke, withdraw } from './commands/close';
import { completion } from './commands/completion';
import { drift } from './commands/drift';
import { guardrailsOff, guardrailsOn, guardrailStatus } from './commands/guardrails';
import { list } from './commands/list';
import { notify } from './commands/notify';
import { checkPolicies, policySchema, synthPolicy } from './commands/policy';
import { request } from './commands/request';
import { status } from './commands/status';
import { CommandError, OK, WRONG_USE } from './errors';
import { Io } from './io';
import { CommonOptions, Result, Session } from './session';
import { coloured, json as jsonText, painter, plain, plainLines } from './text';

type Act = (session: Session) => Promise<Result>;

/** The commands. Files of commands load when one runs, so that help is there at once. */
export function program(io: Io, done: (code: number) => void): Command {
  const root = new Command('secure-debug')
    .description('Ask for, approve and end debug access, with your own kubeconfig and no server beside the API server.')
    .helpCommand(false)
    .showHelpAfterError(false)
    .configureOutput({ writeOut: text => io.stdout.write(text), writeErr: () => undefined })
    .exitOverride();

  const act = async (options: CommonOptions, doIt: Act) => {
    const session = await Session.open(io, options);
    const { data, text, code = OK } = await doIt(session);
    io.stdout.write(options.json ? `${jsonText(data)}\n` : `${text}\n`);
    done(code);
  };
  const command = (parent: Command, usage: string, description: string) => parent.command(usage)
    .description(description)
    .addOption(new Option('--json', 'print JSON'))
    .addOption(new Option('--kubeconfig <file>', 'kubeconfig (default: as kubectl)'))
    .addOption(new Option('--context <name>', 'context of the kubeconfig'));
  const namespaced = (usage: string, description: string) => command(root, usage, description).option('-n, --namespace <namespace>', 'namespace (default: that of the context)');
  const everywhere = (usage: string, description: string) => namespaced(usage, description).option('-A, --all-namespaces', 'all namespaces');

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

  const guardrails = root.command('guardrails').description('see, and in an emergency switch, the admission policies').helpCommand(false);
  command(guardrails, 'status [names...]', 'which there are, what they do, and whether they decide')
    .action((names, options) => act(options, session => guardrailStatus(session, names, options)));
  command(guardrails, 'off [names...]', 'let pass and only record; for the administrator of the cluster')
    .option('--reason <text>', 'why; it goes into the audit log')
    .option('--mode <mode>', 'what is left: audit or warn (default: audit)')
    .option('--including-requests', 'also the policies that hold requests to their terms')
    .action((names, options) => act(options, session => guardrailsOff(session, names, options)));
  command(guardrails, 'on [names...]', 'as before they were turned off')
    .option('--reason <text>', 'why')
    .option('--mode <mode>', 'deny, warn or audit instead')
    .action((names, options) => act(options, session => guardrailsOn(session, names, options)));

  const glass = root.command('break-glass').description('a sealed credential for the day on which nobody can log in').helpCommand(false);
  const several = (value: string, all: string[] = []) => [...all, value];
  // Those that open a file use what is in it, never the caller's kubeconfig.
  const sealed = (usage: string, description: string) => glass.command(usage).description(description).addOption(new Option('--json', 'print JSON'));
  const opened = (usage: string, description: string) => sealed(usage, description)
    .option('--identity <file>', 'identity of age that opens it; repeatable (default: asks for the passphrase)', several)
    .option('--passphrase-file <file>', 'its first line opens it');
  const answer = ({ data, text, code = OK }: Result, options: CommonOptions) => {
    io.stdout.write(options.json ? `${jsonText(data)}\n` : `${text}\n`);
    done(code);
  };
  command(glass, 'seal', 'make one that can only ask for break-glass; for the administrator of the cluster')
    .option('--name <user>', 'user name, one each')
    .option('--group <group>', 'group that is a requester of BreakGlassAccess')
    .option('--for <duration>', 'how long, 1d to 90d (default: 30d)')
    .option('--out <file>', 'where to')
    .option('--recipient <age1...>', 'public key of age that may open it; repeatable', several)
    .option('--recipients-file <file>', 'more of them, one a line')
    .option('--passphrase', 'seal by a passphrase, which is asked for')
    .option('--passphrase-file <file>', 'the first line of this file is the passphrase')
    .option('--no-approve', 'somebody else approves the certificate')
    .option('--wait <duration>', 'how long for the certificate (default: 1m; 10m for somebody else)')
    .option('--accept-more', 'seal even if the group may do more')
    .option('--force', 'write over a file')
    .action(options => act(options, session => seal(session, options)));
  opened('open <file> [command...]', 'open one, into a kubeconfig or for the command after --')
    .option('--out <file>', 'where to (default: below XDG_RUNTIME_DIR)')
    .option('--force', 'write over a file')
    .action(async (file, words, options) => {
      const { data, text, code } = await openSealed(io, file, words, options);
      if (text !== undefined) io.stdout.write(options.json ? `${jsonText(data)}\n` : `${text}\n`);
      done(code);
    });
  opened('drill <file>', 'use one without effect, and say whether it would do at 2 AM')
    .option('--left <duration>', 'how long it still has to be valid (default: 7d)')
    .option('--ticket <id>', 'ticket that break-glass takes (default: DRILL-1)')
    .action(async (file, options) => answer(await drillSealed(io, file, options), options));
  sealed('status <files...>', 'what is known of sealed files without opening them')
    .option('--left <duration>', 'how long each still has to be valid (default: 7d)')
    .action((files, options) => answer(sealedStatus(io, files, options), options));

  const policy = root.command('policy').description('the broker policy, a JSON file in Git; no cluster is asked').helpCommand(false);
  const offline = (usage: string, description: string) => policy.command(usage).description(description).addOption(new Option('--json', 'print JSON'));
  offline('check <files...>', 'say what is wrong, by line and column').action((files, options) => answer(checkPolicies(files), options));
  offline('synth <file>', 'print the objects that it becomes, as YAML').action((file, options) => answer(synthPolicy(file), options));
  offline('schema', 'print the JSON Schema, for editors').action(options => answer(policySchema(), options));

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

  root.command('drift [audit-logs...]')
    .description('what people changed past Git, by audit logs (default: standard input), for the follow-up commit')
    .addOption(new Option('--json', 'print JSON'))
    .option('--markdown', 'text for the follow-up pull request')
    .option('--since <time>', 'from then on; RFC 3339, e.g. 2026-03-01T18:00:00Z')
    .option('-n, --namespace <namespace>', 'of this namespace (default: all)')
    .option('--ticket <id>', 'of this incident')
    .option('--fail-on <what>', 'exit with 1 if there is: undeclared, no-grant, damaged; repeatable', several)
    .action(async (files, options) => answer(await drift(io, files, options), options));

  root.command('completion <shell>').description('print the completion of bash, zsh or fish').action(shell => {
    io.stdout.write(completion(shell, root));
    done(OK);
  });
  return root;
}

/** Runs one command line, and gives the exit status. What goes wrong is one sentence, never a stack. */
export async function run(args: string[], io: Io): Promise<number> {
  let code = OK;
  const json = args.includes('--json');
  try {
    await program(io, ended => { code = ended; }).parseAsync(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return OK;
      const help = error.code === 'commander.help';
      fail(help ? 'No command is given. Fix: secure-debug --help lists them.' : `${plain(error.message.replace(/^error: /, '').replace(/\n/g, ' '))}. Fix: secure-debug --help shows how.`, json, io);
      return WRONG_USE;
    }
    const known = error instanceof CommandError ? error : new CommandError(`Unexpected: ${(error as Error)?.message ?? error}. This is a fault of secure-debug; please report it.`);
    fail(known.message, json, io, error instanceof ApiError ? error.status : undefined);
    return known.code;
  }
  return code;
}

function fail(message: string, asJson: boolean, io: Io, httpStatus?: number): void {
  if (asJson) {
    io.stderr.write(`${jsonText({ error: message, ...httpStatus !== undefined && { status: httpStatus } })}\n`);
  } else {
    const paint = painter(coloured(io, io.stderr));
    io.stderr.write(`${paint('red', 'error:')} ${plainLines(message)}\n`);
  }
}
