import { createSocket, Socket } from 'dgram';

const ANSWER = 0x8400;
const NO_SUCH_NAME = 3;
const TYPE_A = 1;

/** A DNS server for the names of headless Services, in the place of the cluster's, which the suite's clusters do not have. */
export class NameServer {
  private socket?: Socket;

  /** @param lookUp addresses of a name in lower case, undefined when there is no such name */
  public constructor(private readonly lookUp: (name: string) => Promise<string[] | undefined>) {}

  public listen(address: string): Promise<void> {
    const socket = this.socket = createSocket('udp4');
    socket.on('message', (query, { port, address: asker }) => void this.answer(query).then(answer => socket.send(answer, port, asker)));
    return new Promise((resolve, reject) => socket.once('error', reject).bind(53, address, resolve));
  }

  public close(): void {
    this.socket?.close();
  }

  private async answer(query: Buffer): Promise<Buffer> {
    const labels = [];
    let at = 12;
    for (; query[at] > 0; at += query[at] + 1) labels.push(query.subarray(at + 1, at + 1 + query[at]).toString('latin1'));
    const question = query.subarray(12, at + 5);
    const found = await this.lookUp(labels.join('.').toLowerCase());
    const records = query.readUInt16BE(at + 1) === TYPE_A ? found ?? [] : [];
    const head = Buffer.alloc(12);
    [query.readUInt16BE(0), ANSWER + (found ? 0 : NO_SUCH_NAME), 1, records.length].forEach((value, i) => head.writeUInt16BE(value, 2 * i));
    // The name by its place in the message, then type, class, five seconds, and four bytes of address.
    const each = records.map(record => Buffer.from([0xc0, 12, 0, TYPE_A, 0, 1, 0, 0, 0, 5, 0, 4, ...record.split('.').map(Number)]));
    return Buffer.concat([head, question, ...each]);
  }
}
