import { Option } from 'commander';
import { approveCertificate } from './cert-approve';
import { certificateKubeconfig } from './cert-kubeconfig';
import { certificateProxy } from './cert-proxy';
import { requestCertificate } from './cert-request';
import { certificateStatus } from './cert-status';
import { Registration, several } from '../../registration';

/** cert … */
export function registerCertificates({ root, io, done, command, act, answer }: Registration): void {
  const cert = root.command('cert').description('client certificates for minutes, where there is no login by OpenID Connect').helpCommand(false);
  command(cert, 'request', 'get one for yourself, with a key that is made here')
    .option('-n, --namespace <namespace>', 'namespace of its context (default: that of the context)')
    .option('--for <duration>', 'how long (default: 30m, or less where the cluster gives less)')
    .option('--group <group>', 'a group that it names; repeatable (default: all of yours that may have one)', several)
    .option('--key <kind>', 'p256 or ed25519 (default: p256)')
    .option('--pkcs11 <uri>', 'the key in a token: pkcs11:token=T;object=O?module-path=FILE')
    .option('--pin-file <file>', 'its first line is the PIN of the token (default: asks for it)')
    .option('--out <folder>', 'where to (default: below XDG_RUNTIME_DIR, else ~/.local/state)')
    .option('--force', 'write over a certificate for another cluster')
    .option('--wait <duration>', 'how long for the decision (default: 1m)')
    .action(options => act(options, session => requestCertificate(session, options)));
  command(cert, 'approve <name>', 'read a request by the rules of the approver; approve it where the cluster has none')
    .option('--check', 'only say what the rules say')
    .option('--group <group>', 'group that may have a certificate; repeatable; where there is no CertificateAccess', several)
    .option('--max <duration>', 'the longest that is approved there, 10m to 8h (default: 30m)')
    .action((name, options) => act(options, session => approveCertificate(session, name, options)));
  command(cert, 'kubeconfig', 'write the kubeconfig of a certificate anew')
    .option('-n, --namespace <namespace>', 'namespace of its context (default: that of the context)')
    .option('--certificate <file>', 'one that was issued otherwise, PEM')
    .option('--key <file>', 'and its key')
    .option('--out <folder>', 'where to (default: as of cert request)')
    .action(options => act(options, session => certificateKubeconfig(session, options)));
  cert.command('proxy').description('let kubectl use a key that stays in its token, by stunnel, until Ctrl-C')
    .option('-n, --namespace <namespace>', 'namespace of its context (default: as of cert request)')
    .option('--pin-file <file>', 'its first line is the PIN of the token (default: asks for it)')
    .option('--out <folder>', 'where the certificate is (default: the only one whose key is in a token)')
    .action(async options => done(await certificateProxy(io, options)));
  cert.command('status').description('which certificates lie here, and for how long')
    .addOption(new Option('--json', 'print JSON'))
    .option('--out <folder>', 'the folder of one (default: all)')
    .action(options => answer(certificateStatus(io, options), options));
}
