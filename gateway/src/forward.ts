import type { PodName } from './command';
import { SessionError } from './errors';
import type { Session } from './sessions';
import { message } from './streams';
import { plain } from './text';

/** The protocol by which a kubelet forwards ports over a WebSocket: two channels for each port, which begin with the port's number. */
const PROTOCOLS = ['v4.channel.k8s.io'];
const DATA = 0;
const ERRORS = 1;
const CHUNK = 32 * 1024;
const MUCH = 1024 * 1024;

/** Joins standard input and output with a port of a pod. */
export async function forward({ api, terminal, recording }: Session, at: PodName, port: number): Promise<number> {
  const socket = await api.connect(`/api/v1/namespaces/${at.namespace}/pods/${at.pod}/portforward?ports=${port}`, PROTOCOLS);
  const { stdin, stdout } = terminal;
  return new Promise((resolve, fail) => {
    const greeted = new Set<number>();
    let fault = '';
    const settle = (act: () => void) => {
      stdin.off('data', typed).pause();
      recording.onFailure = undefined;
      socket.terminate();
      act();
    };
    const attempt = (act: () => void) => { try { act(); } catch (error) { settle(() => fail(error)); } };
    const typed = (bytes: Buffer) => attempt(() => {
      recording.input(bytes);
      for (let from = 0; from < bytes.length; from += CHUNK) {
        socket.send(message(DATA, bytes.subarray(from, from + CHUNK)), () => {
          if (socket.bufferedAmount <= MUCH) stdin.resume();
        });
      }
      if (socket.bufferedAmount > MUCH) stdin.pause();
    });
    recording.onFailure = error => settle(() => fail(error));
    socket.on('message', (data: Buffer) => attempt(() => {
      // Each channel begins with the port's number.
      const bytes = data.subarray(greeted.has(data[0]) ? 1 : 3);
      greeted.add(data[0]);
      if (data[0] === ERRORS) {
        fault += bytes.toString('utf8');
      } else if (data[0] === DATA && bytes.length > 0) {
        recording.output(bytes);
        if (!stdout.write(bytes) && stdout.writableLength > MUCH) {
          socket.pause();
          stdout.once('drain', () => socket.resume());
        }
      }
    }));
    socket.on('error', () => undefined);
    socket.on('close', () => settle(() => fault ? fail(new SessionError(`The port cannot be reached: ${plain(fault)}.`)) : resolve(0)));
    stdout.on('error', () => settle(() => resolve(141)));
    // The protocol cannot say that input has ended, and whoever answers may not be done.
    stdin.on('data', typed).resume();
    socket.resume();
  });
}
