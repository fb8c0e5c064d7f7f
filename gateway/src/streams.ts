import type { ReadStream, WriteStream } from 'tty';
import WebSocket from 'ws';
import { SessionError } from './errors';
import { Recording } from './recording';
import { plain } from './text';

/** Where a session's bytes come from and go to; a terminal if the person asked for one. */
export interface Terminal {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

/** Channels of `v5.channel.k8s.io`, the first byte of each message. */
const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const STATUS = 3;
const RESIZE = 4;
const CLOSE = 255;
/** What carries exit statuses and the end of input. */
export const PROTOCOLS = ['v5.channel.k8s.io'];

/** A message to the API server is no longer; kubectl sends as much. */
const CHUNK = 32 * 1024;
const MUCH = 1024 * 1024;
const PING_EVERY = 10_000;

/** What goes to a channel, in one piece: TLS would make a record of a byte that is sent alone. */
export function message(channel: number, bytes: Uint8Array): Buffer {
  const whole = Buffer.allocUnsafe(bytes.length + 1);
  whole[0] = channel;
  whole.set(bytes, 1);
  return whole;
}

/** Whether bytes go to a terminal. */
export const isTerminal = ({ stdin, stdout }: Terminal) => stdin.isTTY === true && stdout.isTTY === true;

/** Joins a person's session and a stream of the API server until one of them ends; gives the exit status. */
export function join(socket: WebSocket, terminal: Terminal, recording: Recording, withInput: boolean): Promise<number> {
  const { stdin, stdout, stderr } = terminal;
  const tty = isTerminal(terminal);
  return new Promise((resolve, fail) => {
    let status: number | undefined;
    let alive = true;
    const send = (channel: number, bytes: Uint8Array, done?: () => void) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(message(channel, bytes), done);
    };
    const ping = setInterval(() => {
      if (!alive) return void socket.terminate();
      alive = false;
      socket.ping();
    }, PING_EVERY);

    const resize = () => {
      recording.resize(stdout.columns, stdout.rows);
      send(RESIZE, Buffer.from(JSON.stringify({ Width: stdout.columns, Height: stdout.rows })));
    };
    const attempt = (act: () => void) => {
      try {
        act();
      } catch (error) {
        leave();
        fail(error);
      }
    };
    const typed = (bytes: Buffer) => attempt(() => {
      recording.input(bytes);
      for (let at = 0; at < bytes.length; at += CHUNK) send(STDIN, bytes.subarray(at, at + CHUNK), resume);
      if (socket.bufferedAmount > MUCH) stdin.pause();
    });
    const resume = () => { if (socket.bufferedAmount <= MUCH && stdin.isPaused() && alive !== undefined && !left) stdin.resume(); };
    const closed = () => send(CLOSE, Buffer.from([STDIN]));

    let left = false;
    const leave = () => {
      if (left) return;
      left = true;
      clearInterval(ping);
      recording.onFailure = undefined;
      stdin.off('data', typed).off('end', closed).pause();
      stdout.off('resize', onResize);
      if (tty) (stdin as ReadStream).setRawMode(false);
      if (socket.readyState !== WebSocket.CLOSED) socket.terminate();
    };
    const onResize = () => attempt(resize);

    recording.onFailure = error => { leave(); fail(error); };
    socket.on('pong', () => { alive = true; });
    socket.on('message', (data: Buffer) => attempt(() => {
      if (left) return;
      alive = true;
      const bytes = data.subarray(1);
      if (data[0] === STATUS) {
        status = exitStatus(bytes.toString('utf8'), terminal, recording);
      } else if ((data[0] === STDOUT || data[0] === STDERR) && bytes.length > 0) {
        recording.output(bytes); // before it is shown
        const sink = data[0] === STDOUT ? stdout : stderr;
        // The sink says "enough" after 16 KiB; to stop and go at each message costs half of the speed.
        if (!sink.write(bytes) && sink.writableLength > MUCH) {
          socket.pause();
          sink.once('drain', () => socket.resume());
        }
      }
    }));
    socket.on('close', () => {
      if (left) return;
      leave();
      if (status === undefined) fail(new SessionError('The stream ended without an exit status: the pod, its node or the gateway went away. Fix: look with pods, and try again.'));
      else resolve(status);
    });
    socket.on('error', () => undefined); // closes too
    stdout.on('error', leaveQuietly);
    function leaveQuietly() { // whoever reads has gone, as in `ssh … | head`
      if (left) return;
      leave();
      resolve(status ?? 141);
    }

    attempt(() => {
      if (tty) {
        (stdin as ReadStream).setRawMode(true);
        (stdout as WriteStream).on('resize', onResize);
        resize();
      }
      if (withInput) stdin.on('data', typed).on('end', closed).resume();
    });
    socket.resume();
  });
}

/** The status that ends a stream: that of the command, or why there was none. */
function exitStatus(text: string, { stderr }: Terminal, recording: Recording): number {
  const status = JSON.parse(text);
  if (status.status === 'Success') return 0;
  const code = status.details?.causes?.find((cause: any) => cause.reason === 'ExitCode')?.message;
  if (status.reason === 'NonZeroExitCode' && /^\d+$/.test(code ?? '')) return Number(code);
  const line = `error: ${plain(String(status.message ?? 'the command did not run'))}\n`;
  recording.output(Buffer.from(line));
  stderr.write(line);
  return 126;
}
