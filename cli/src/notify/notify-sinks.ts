import { readFileSync } from 'fs';
import { request as httpRequest } from 'http';
import { request as httpsRequest } from 'https';
import { wrongUse } from '../errors';
import { Io } from '../io';
import { plain } from '../text';
import { Notification } from './notify-events';

/** Where notifications go. */
interface Target {
  readonly name: string;
  /** What is sent; undefined when this one is not told of it. */
  readonly body: (notification: Notification) => object | undefined;
  readonly url: URL;
  readonly token?: string;
}

export interface TargetOptions {
  readonly webhook?: boolean;
  readonly slack?: boolean;
  readonly pagerduty?: boolean;
}

const PAGERDUTY = 'https://events.pagerduty.com/v2/enqueue';
const TIMEOUT = 10_000;
const ATTEMPTS = 5;
const LONGEST_WAIT = 60_000;

/** The targets that options name, with their secrets: of the environment, or of a file that it names, never of the command line. */
export function targetsOf(io: Io, options: TargetOptions): Target[] {
  const targets: Target[] = [];
  if (options.webhook) {
    targets.push({ name: 'webhook', url: address(io, 'SECURE_DEBUG_WEBHOOK_URL'), token: secret(io, 'SECURE_DEBUG_WEBHOOK_TOKEN'), body: generic });
  }
  if (options.slack) targets.push({ name: 'Slack', url: address(io, 'SECURE_DEBUG_SLACK_URL'), body: slack });
  if (options.pagerduty) {
    const key = secret(io, 'SECURE_DEBUG_PAGERDUTY_KEY') ?? missing('SECURE_DEBUG_PAGERDUTY_KEY');
    targets.push({ name: 'PagerDuty', url: address(io, 'SECURE_DEBUG_PAGERDUTY_URL', PAGERDUTY), body: one => pagerDuty(one, key) });
  }
  return targets;
}

function secret({ env }: Io, name: string): string | undefined {
  const file = env[`${name}_FILE`];
  if (file === undefined) return env[name]?.trim() || undefined;
  try {
    return readFileSync(file, 'utf8').trim() || undefined;
  } catch (error) {
    return wrongUse(`${name}_FILE cannot be read: ${(error as NodeJS.ErrnoException).code}. Fix: name a file that you may read.`);
  }
}

function missing(name: string): never {
  return wrongUse(`${name} is not set. Fix: export it, or name a file in ${name}_FILE; a secret on the command line would be in every process list.`);
}

function address(io: Io, name: string, otherwise?: string): URL {
  const text = secret(io, name) ?? otherwise ?? missing(name);
  let url: URL | undefined;
  try {
    url = new URL(text);
  } catch {
    // The next line says so, without the text: it is a secret.
  }
  const local = url !== undefined && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  if (!url || url.protocol !== 'https:' && !(local && url.protocol === 'http:')) return wrongUse(`${name} is no https:// address. Fix: copy it whole; http:// is for this machine alone.`);
  return url;
}

const VERBS: { [event in Notification['event']]: string } = {
  'requested': 'asks for',
  'taken': 'took',
  'break-glass': 'BROKE THE GLASS:',
  'approved': 'approved (more are needed)',
  'granted': 'approved, and so granted,',
  'denied': 'denied',
  'revoked': 'revoked',
  'withdrawn': 'gave back',
  'sealed-credential': 'USES A SEALED CREDENTIAL',
};

/** One line, without anything that a terminal or a chat would act on. */
function summary({ event, user, name, namespace, reason, ticket }: Notification): string {
  const what = event === 'sealed-credential' ? `: ${reason}` : ` ${name} in ${namespace}`;
  const why = event === 'sealed-credential' || reason === '' ? '' : `: ${reason}`;
  return plain(`${user} ${VERBS[event]}${what}${ticket ? ` (${ticket})` : ''}${why}`);
}

/** What an approver runs; nothing is asked of them for the others. */
function next({ event, user, namespace }: Notification): string | undefined {
  const safe = /^[A-Za-z0-9_.@+-]+$/.test(user) ? user : 'NAME';
  return event === 'requested' ? `secure-debug approve ${safe} -n ${namespace}` : undefined;
}

function generic(notification: Notification): object {
  const command = next(notification);
  return { apiVersion: 'secure-debug.internal/v1', kind: 'AccessNotification', ...notification, summary: summary(notification), ...command && { next: command } };
}

/**
 * Text that others wrote goes into `plain_text`, in which Slack sees neither links nor mentions nor markup. The fallback `text`
 * is escaped as Slack wants it. @see https://docs.slack.dev/messaging/formatting-message-text
 */
function slack(notification: Notification): object {
  const line = summary(notification);
  const command = next(notification);
  const block = (text: string) => ({ type: 'section', text: { type: 'plain_text', text: text.slice(0, 2_900), emoji: false } });
  return {
    text: line.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;'),
    mrkdwn: false,
    link_names: false,
    unfurl_links: false,
    unfurl_media: false,
    blocks: [
      block(line),
      ...notification.expiresAt ? [block(plain(`until ${notification.expiresAt}`))] : [],
      ...notification.approvals.length > 0 ? [block(plain(`approved by ${notification.approvals.join(', ')}`))] : [],
      ...command ? [block(command)] : [],
    ],
  };
}

/** What waits, and what is broken open, is an incident; what closes it resolves it. @see https://developer.pagerduty.com/docs/send-alert-event */
function pagerDuty(notification: Notification, key: string): object | undefined {
  const { event, namespace, name, user, role, at } = notification;
  if (event === 'taken') return undefined;
  const loud = event === 'break-glass' || event === 'sealed-credential';
  const action = loud || event === 'requested' ? 'trigger' : event === 'approved' ? 'acknowledge' : 'resolve';
  const about = event === 'sealed-credential' ? `sealed/${user}` : `${namespace}/${name}`;
  return {
    routing_key: key,
    event_action: action,
    dedup_key: `secure-debug/${about}`.slice(0, 255),
    payload: {
      summary: summary(notification).slice(0, 1_024),
      source: namespace || 'cluster',
      severity: loud ? 'critical' : 'warning',
      ...!Number.isNaN(Date.parse(at)) && { timestamp: at },
      component: role || 'secure-debug',
      class: event,
      custom_details: generic(notification),
    },
  };
}

/** Sends one; tries again where that may help, and not for ever. Returns why it failed, without anything secret in it. */
export async function deliver(io: Io, target: Target, notification: Notification): Promise<string | undefined> {
  const body = target.body(notification);
  if (body === undefined) return undefined;
  let failure = '';
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const { status, retryAfter, error } = await post(target, JSON.stringify(body));
    if (status !== undefined && status >= 200 && status < 300) return undefined;
    failure = error ?? `it answered ${status}`;
    // It will not think better of it.
    if (status !== undefined && status < 500 && status !== 429 && status !== 408) break;
    if (attempt < ATTEMPTS) await io.sleep(Math.min(LONGEST_WAIT, Math.max(retryAfter ?? 0, 1_000 * 2 ** (attempt - 1))));
  }
  return failure;
}

interface Posted {
  readonly status?: number;
  readonly retryAfter?: number;
  readonly error?: string;
}

/** Follows no redirection: the next address would get what was meant for this one. */
function post({ url, token }: Target, text: string): Promise<Posted> {
  return new Promise(resolve => {
    const send = url.protocol === 'http:' ? httpRequest : httpsRequest;
    const headers = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)), 'user-agent': 'secure-debug', ...token && { authorization: `Bearer ${token}` } };
    const sent = send(url, { method: 'POST', headers }, response => {
      const seconds = Number(response.headers['retry-after']);
      response.resume();
      response.on('error', () => resolve({ error: 'its answer was cut short' }));
      response.on('end', () => resolve({ status: response.statusCode, ...seconds > 0 && { retryAfter: seconds * 1_000 } }));
    });
    sent.setTimeout(TIMEOUT, () => sent.destroy(new Error('TIMEOUT')));
    sent.on('error', error => resolve({ error: `it cannot be reached (${(error as NodeJS.ErrnoException).code ?? 'no answer'})` }));
    sent.end(text);
  });
}
