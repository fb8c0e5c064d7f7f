import { Command, CommanderError, Option } from 'commander';
import { registerEngines } from './audit/engines/register';
import { registerAudit } from './audit/register';
import { registerPolicy } from './broker/register';
import { ApiError } from './cluster';
import { completion } from './completion';
import { registerCertificates } from './credentials/certificates/register';
import { registerCredentials } from './credentials/register';
import { CommandError, OK, WRONG_USE } from './errors';
import { registerGateway } from './gateway/register';
import { registerGuardrails } from './guardrails/register';
import { registerInit } from './init/register';
import { Io } from './io';
import { registerNotify } from './notify/register';
import { Act, Registration } from './registration';
import { registerRequests } from './requests/register';
import { registerMigration } from './review/migration-register';
import { registerReview } from './review/register';
import { registerRollout } from './rollout/register';
import { registerBreakGlass } from './sealed/register';
import { CommonOptions, Result, Session } from './session';
import { coloured, json as jsonText, painter, plain, plainLines } from './text';

/** The commands. Files of commands load when one runs, so that help is there at once. */
export function program(io: Io, done: (code: number) => void): Command {
  const root = new Command('secure-debug')
    .description('Ask for, approve and end debug access, with your own kubeconfig and no server beside the API server.')
    .helpCommand(false)
    .showHelpAfterError(false)
    .configureOutput({ writeOut: text => io.stdout.write(text), writeErr: () => undefined })
    .exitOverride();

  const answer = ({ data, text, code = OK }: Result, options: { readonly json?: boolean }) => {
    io.stdout.write(options.json ? `${jsonText(data)}\n` : `${text}\n`);
    done(code);
  };
  const act = async (options: CommonOptions, doIt: Act) => answer(await doIt(await Session.open(io, options)), options);
  const command = (parent: Command, usage: string, description: string) => parent.command(usage)
    .description(description)
    .addOption(new Option('--json', 'print JSON'))
    .addOption(new Option('--kubeconfig <file>', 'kubeconfig (default: as kubectl)'))
    .addOption(new Option('--context <name>', 'context of the kubeconfig'));
  const namespaced = (usage: string, description: string) => command(root, usage, description).option('-n, --namespace <namespace>', 'namespace (default: that of the context)');
  const everywhere = (usage: string, description: string) => namespaced(usage, description).option('-A, --all-namespaces', 'all namespaces');

  const registration: Registration = { root, io, done, act, answer, command, namespaced, everywhere };
  registerRequests(registration);
  registerCredentials(registration);
  registerCertificates(registration);
  registerGuardrails(registration);
  registerGateway(registration);
  registerBreakGlass(registration);
  registerPolicy(registration);
  registerNotify(registration);
  registerAudit(registration);
  registerEngines(registration);
  registerReview(registration);
  registerMigration(registration);
  registerRollout(registration);
  registerInit(registration);

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
