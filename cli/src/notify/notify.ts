import { OK, REFUSED, wrongUse } from '../errors';
import { Io } from '../io';
import { plain } from '../text';
import { Notification, notificationOf, Wanted } from './notify-events';
import { Lines, Tail } from './notify-follow';
import { deliver, TargetOptions, targetsOf } from './notify-sinks';

interface NotifyOptions extends TargetOptions {
  readonly namespace?: string[];
  readonly sealedGroup?: string[];
  readonly fromStart?: boolean;
  readonly once?: boolean;
  readonly print?: boolean;
}

const EVERY = 1_000;
const REMEMBERED = 10_000;
/** A sealed credential in use writes many events; one is told in so long, by who and which certificate. */
const QUIET = 15 * 60_000;
const COMPLAINTS = 5;

/** Follows audit logs and tells approvers, until it is stopped; with `--once`, until the end of what is there. */
export async function notify(io: Io, files: string[], options: NotifyOptions): Promise<number> {
  const targets = targetsOf(io, options);
  if (targets.length === 0 && !options.print) wrongUse('There is nobody to notify. Fix: --slack, --pagerduty, --webhook or --print, with the secret in the environment (secure-debug notify --help).');
  const fromStdin = files.length === 0 || files.includes('-');
  if (fromStdin && files.length > 1) wrongUse('"-" and files contradict each other. Fix: give one.');
  const stdin = fromStdin ? io.stdin ?? wrongUse('There is no standard input. Fix: name an audit log.') : undefined;

  const desk = new Desk(io, { namespaces: options.namespace ?? [], sealedGroups: options.sealedGroup ?? ['break-glass-sealed'] });
  let failed = false;
  const send = async (line: string) => {
    const found = desk.read(line);
    if (!found) return;
    if (options.print) io.stdout.write(`${JSON.stringify(found)}\n`);
    const failures = await Promise.all(targets.map(async target => ({ target, failure: await deliver(io, target, found) })));
    for (const { target, failure } of failures) {
      if (failure === undefined) continue;
      failed = true;
      io.stderr.write(`NOT DELIVERED to ${target.name}: ${failure}; audit event ${plain(found.auditID)}: ${plain(found.user)} ${found.event} ${plain(found.namespace)}/${plain(found.name)}\n`);
    }
  };

  if (stdin) {
    const lines = new Lines();
    for await (const piece of stdin) for (const line of lines.take(Buffer.from(piece))) await send(line);
    for (const line of lines.take(Buffer.from('\n'))) await send(line);
    return failed ? REFUSED : OK;
  }
  const tails = files.map(file => opened(file, options));
  try {
    for (;;) {
      let some = false;
      for (const tail of tails) {
        const lines = tail.next();
        some ||= lines.length > 0 || !tail.atEnd;
        for (const line of lines) await send(line);
      }
      if (some) continue;
      if (options.once) return failed ? REFUSED : OK;
      await io.sleep(EVERY);
    }
  } finally {
    tails.forEach(tail => tail.close());
  }
}

function opened(file: string, { once, fromStart }: NotifyOptions): Tail {
  let tail: Tail | undefined;
  try {
    tail = new Tail(file, once === true || fromStart === true);
  } catch (error) {
    wrongUse(`${plain(file)} cannot be read: ${(error as NodeJS.ErrnoException).code}. Fix: name an audit log that you may read.`);
  }
  if (once && !tail!.there) wrongUse(`${plain(file)} is not there. Fix: name an audit log.`);
  return tail!;
}

/** What was told already, and what is to be told. */
class Desk {
  private readonly seen = new Set<string>();
  private readonly quiet = new Map<string, number>();
  private complaints = 0;

  public constructor(private readonly io: Io, private readonly wanted: Wanted) {}

  public read(line: string): Notification | undefined {
    let event: any;
    try {
      event = JSON.parse(line);
    } catch {
      if (++this.complaints <= COMPLAINTS) this.io.stderr.write(`A line is no JSON and was left out: ${plain(line.slice(0, 80))}\n`);
      return undefined;
    }
    const found = notificationOf(event, this.wanted);
    if (!found || this.seen.has(found.auditID)) return undefined;
    this.seen.add(found.auditID);
    if (this.seen.size > REMEMBERED) this.seen.delete(this.seen.values().next().value!);
    return found.event === 'sealed-credential' && !this.first(found, event) ? undefined : found;
  }

  /** Whether this credential was quiet for a while, by the times of the log. */
  private first({ user, at }: Notification, event: any): boolean {
    const key = JSON.stringify([user, event.user?.extra?.['authentication.kubernetes.io/credential-id'] ?? null]);
    const now = Date.parse(at) || 0;
    const until = this.quiet.get(key);
    if (until !== undefined && now < until) return false;
    this.quiet.set(key, now + QUIET);
    if (this.quiet.size > REMEMBERED) this.quiet.delete(this.quiet.keys().next().value!);
    return true;
  }
}
