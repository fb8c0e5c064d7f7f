import { readRecording, RecordedSession } from './recording';
import { TerminalFilter } from './terminal-filter';
import { wrongUse } from '../errors';
import { Io } from '../io';
import { Result } from '../session';
import { coloured, painter, plain, plainLines, seconds } from '../text';

interface ReplayOptions {
  readonly json?: boolean;
  readonly speed?: string;
  readonly idle?: string;
  readonly all?: boolean;
}

const DEFAULT_IDLE = 2;

/** Plays a session in the terminal as it was seen; elsewhere, or with --all, its text. */
export async function replay(io: Io, file: string, options: ReplayOptions): Promise<Result | undefined> {
  const speed = options.speed === undefined ? 1 : Number(options.speed);
  if (!(speed >= 0.1 && speed <= 1_000)) wrongUse(`--speed ${plain(String(options.speed))} is no factor. Fix: write a number from 0.1 to 1000, e.g. --speed 4.`);
  const idle = options.idle === undefined ? DEFAULT_IDLE : seconds('--idle', options.idle);
  const session = readRecording(file);
  const { about, events, complete } = session;
  if (options.json) {
    return {
      data: { ...about, began: began(session), seconds: events.at(-1)?.at ?? 0, exitStatus: status(session), complete, width: session.width, height: session.height, remarks: events.filter(({ code }) => code === 'm').map(({ data }) => data) },
      text: '',
    };
  }
  const tty = io.stdout.isTTY === true && !options.all;
  const paint = painter(coloured(io, io.stdout));
  io.stdout.write(`${paint('dim', head(session))}\n`);
  const filter = new TerminalFilter();
  let before = 0;
  for (const { at, code, data } of events) {
    if (tty) await io.sleep(Math.min(at - before, idle) * 1_000 / speed);
    before = at;
    if (code === 'o') io.stdout.write(tty ? filter.pass(data) : plainLines(withoutSequences(data)));
    else if (code === 'i' && !tty) io.stdout.write(plainLines(data).replace(/^(?=[^])/gm, '> '));
    else if (code === 'm' && !data.startsWith('end ')) io.stdout.write(`${paint('dim', `[${plain(data)}]`)}\n`);
  }
  if (tty) io.stdout.write('\u001b[0m\u001b[?25h');
  const ending = complete ? `It ended after ${(events.at(-1)?.at ?? 0).toFixed(1)} s with status ${status(session)}.` : 'It has no end: what wrote it was killed, or it goes on.';
  io.stdout.write(`\n${paint('dim', ending)}\n`);
  return undefined;
}

const began = ({ timestamp }: RecordedSession) => new Date(timestamp * 1_000).toISOString().replace(/\.000Z$/, 'Z');
const status = ({ events }: RecordedSession) => {
  const end = events.find(({ code }) => code === 'x');
  return end && Number(end.data);
};

function head(session: RecordedSession): string {
  const { user = 'somebody', groups = [], command = '', from = '', certificate = {} } = session.about;
  const asked = command ? `: ${plain(String(command))}` : '';
  return `${plain(String(user))}${groups.length ? ` (${plain(groups.join(', '))})` : ''} on ${began(session)}${from ? ` from ${plain(String(from))}` : ''}, certificate ${plain(String(certificate.serial ?? '?'))}${asked}`;
}

/** Text alone: what moves a cursor means nothing in a file. */
function withoutSequences(text: string): string {
  const filter = new TerminalFilter();
  return filter.pass(text).replace(/\u001b\[[0-?]*[ -/]*[@-~]/g, '').replace(/\r\n?/g, '\n').replace(/\u0008/g, '');
}
