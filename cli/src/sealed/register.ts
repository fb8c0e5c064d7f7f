import { Option } from 'commander';
import { drillSealed } from './break-glass-drill';
import { openSealed } from './break-glass-open';
import { seal } from './break-glass-seal';
import { sealedStatus } from './break-glass-status';
import { Registration, several } from '../registration';
import { json as jsonText } from '../text';

/** break-glass … */
export function registerBreakGlass({ root, io, done, command, act, answer }: Registration): void {
  const glass = root.command('break-glass').description('a sealed credential for the day on which nobody can log in').helpCommand(false);
  // Those that open a file use what is in it, never the caller's kubeconfig.
  const sealed = (usage: string, description: string) => glass.command(usage).description(description).addOption(new Option('--json', 'print JSON'));
  const opened = (usage: string, description: string) => sealed(usage, description)
    .option('--identity <file>', 'identity of age that opens it; repeatable (default: asks for the passphrase)', several)
    .option('--passphrase-file <file>', 'its first line opens it');
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
}
