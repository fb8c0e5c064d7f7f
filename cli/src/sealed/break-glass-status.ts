import { OK, refused, REFUSED } from '../errors';
import { Io } from '../io';
import { labelFile, labelOf, sealedText, sha256 } from './files';
import { Result } from '../session';
import { coloured, duration, painter, plain, seconds, word } from '../text';

interface SealedStatusOptions {
  readonly left?: string;
  readonly json?: boolean;
}

/** What can be known of sealed files without opening them: the label beside each. Age itself tells nothing. */
export function sealedStatus(io: Io, files: string[], options: SealedStatusOptions): Result {
  const left = seconds('--left', options.left ?? '7d');
  const paint = painter(!options.json && coloured(io, io.stdout));
  const states = files.map(file => {
    const text = sealedText(file);
    const label = labelOf(file) ?? refused(`Nothing stands beside ${plain(file)}, and a sealed file itself tells nothing. Fix: fetch ${plain(labelFile(file))} too, or use secure-debug break-glass drill ${word(plain(file))}.`);
    const secondsLeft = Math.max(0, Math.floor((Date.parse(label.notAfter) - Date.now()) / 1_000)) || 0;
    return { file, ...label, secondsLeft, sameFile: label.sha256 === sha256(text), ok: secondsLeft >= left && label.sha256 === sha256(text) };
  });
  return {
    data: states,
    text: states.map(({ file, name, group, server, namespaces, notAfter, sealedAt, sealedBy, sealedFor, secondsLeft, sameFile }) => [
      `${paint('bold', plain(file))}: ${plain(name)} of ${plain(group)} at ${plain(server)}`,
      `  until       ${secondsLeft === 0 ? paint('red', `${plain(notAfter)} (over: seal a new one)`) : secondsLeft < left ? paint('yellow', `${plain(notAfter)} (${duration(secondsLeft)} left: seal a new one)`) : `${plain(notAfter)} (${duration(secondsLeft)} left)`}`,
      `  break-glass ${namespaces.map(plain).join(', ')}`,
      `  opened by   ${sealedFor.map(plain).join(', ')}`,
      `  sealed      ${plain(sealedAt)} by ${plain(sealedBy)}`,
      ...sameFile ? [] : [paint('red', '  The label is about another file. Take both from one copy.')],
    ].join('\n')).join('\n'),
    code: states.every(one => one.ok) ? OK : REFUSED,
  };
}
