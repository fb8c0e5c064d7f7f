import { clockFault, clockTime } from './clock';
import { compare, Finding, groupsClaimOf } from './findings';
import { Held, heldIn } from './held';
import { Claims, nameIn, textsOf, timeOf } from './id-token';
import { ApiError } from '../cluster';
import { Io } from '../io';
import { allRequests, asData, isOpen, Standing, until } from '../requests/requests';
import { CommonOptions, Me, Result, Session } from '../session';
import { duration, plain } from '../text';

interface WhoAmIOptions extends CommonOptions {
  readonly groupsClaim?: string;
}

/** Longer than an API server takes unless told otherwise. */
const LONG = 3_600_000;

/** Who the caller is for the API server and for the issuer, until when, and what they were granted. */
export async function whoAmI(io: Io, options: WhoAmIOptions): Promise<Result> {
  // Who asks this wants to know, and not to be logged in.
  const connection = await io.connect({ kubeconfig: options.kubeconfig, context: options.context, login: false });
  const session = await Session.open({ ...io, connect: async () => connection }, options);
  const held = heldIn(connection);
  const me = await known(session);
  const now = Date.parse(session.cluster.now);
  const requests = me && await grants(session, options, me);
  const claim = options.groupsClaim ?? (held.claims && groupsClaimOf(held.claims));
  const person = held.claims && !('kubernetes.io' in held.claims) ? held.claims : undefined;
  const { dropped, findings: aboutGroups } = person && me ? compare(person, me.groups, claim) : { dropped: [], findings: [] };
  const findings = [...clockFindings(now), ...me ? aboutGroups : refusals(held, now)];
  return {
    code: me ? 0 : 1,
    data: {
      server: connection.server,
      user: me?.name ?? null,
      groups: me?.groups ?? null,
      credential: {
        kind: held.kind,
        expiresAt: held.endsAt === undefined ? null : new Date(held.endsAt).toISOString(),
        secondsLeft: held.endsAt === undefined ? null : secondsLeft(held.endsAt, now),
        ...held.subject !== undefined && { subject: held.subject },
        ...person && { issuer: person.iss, name: nameIn(person), groups: claim === undefined ? null : textsOf(person, claim) ?? null, dropped, amr: textsOf(person, 'amr') ?? null },
      },
      grants: requests?.map(asData) ?? null,
      findings,
    },
    text: drawn(session, { me, held, person, claim, dropped, requests, findings, now }),
  };
}

/** As the API server knows the caller; undefined when it does not. */
async function known(session: Session): Promise<Me | undefined> {
  try {
    return await session.whoAmI();
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return undefined;
    throw error;
  }
}

/** The caller's open requests: everywhere where they may look everywhere, else in the namespace. Undefined when not even there. */
async function grants(session: Session, options: WhoAmIOptions, me: Me): Promise<Standing[] | undefined> {
  for (const place of options.namespace === undefined ? [undefined, session.namespace] : [options.namespace]) {
    try {
      return (await allRequests(session, place)).filter(one => one.request.requestedBy === me.name && isOpen(one));
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 403) throw error;
    }
  }
  return undefined;
}

function secondsLeft(endsAt: number, now: number): number {
  return Math.max(0, Math.floor((endsAt - now) / 1_000));
}

function clockFindings(now: number): Finding[] {
  const fault = clockFault(now - Date.now(), 'the API server');
  return fault === undefined ? [] : [{ id: 'clock', text: fault }];
}

/** Why the API server may not know a credential. It tells nobody but its log, so all that looks odd is said. */
function refusals({ kind, endsAt, claims }: Held, now: number): Finding[] {
  const findings: Finding[] = [];
  if (endsAt !== undefined && endsAt <= now) findings.push({ id: 'expired', text: `Your ${kind} ended ${duration((now - endsAt) / 1_000)} ago. Fix: log in again, as for kubectl; where the context uses secure-debug, by secure-debug login.` });
  if (findings.length > 0 || !claims) return findings;
  const issued = timeOf(claims, 'iat');
  if (issued !== undefined && endsAt !== undefined && endsAt - issued > LONG) findings.push({ id: 'long-lived', text: `The token lives for ${duration((endsAt - issued) / 1_000)}; API servers of this project take an hour unless told otherwise (maxTokenLife). Fix: let the issuer give shorter ID tokens.` });
  if (claims.email !== undefined && claims.email_verified !== true) findings.push({ id: 'email-not-verified', text: 'The issuer does not say that your e-mail address is verified (email_verified). Fix: verify it there, or let the cluster take another claim for the name.' });
  if (claims.amr === undefined && claims.acr === undefined) findings.push({ id: 'no-hardware', text: 'The token does not say how you logged in (amr, acr), so a rule that demands a hardware key refuses it. Fix: log in with the key; some issuers say so only if asked (--param acr_values=…).' });
  findings.push({
    id: 'refused',
    text: `The token is of issuer ${plain(String(claims.iss))} for ${plain((textsOf(claims, 'aud') ?? ['nobody']).join(', '))}. Fix: compare that with issuerUrl and audiences of the cluster's TokenIssuer; the API server's log says which rule refused it.`,
  });
  return findings;
}

interface Shown {
  readonly me?: Me;
  readonly held: Held;
  readonly person?: Claims;
  readonly claim?: string;
  readonly dropped: string[];
  readonly requests?: Standing[];
  readonly findings: Finding[];
  readonly now: number;
}

function drawn({ paint }: Session, { me, held, person, claim, dropped, requests, findings, now }: Shown): string {
  const list = (all: string[]) => all.map(plain).join(', ') || 'none';
  const said = person && [
    `${plain(nameIn(person))} of ${plain(String(person.iss))}`,
    `${plain(claim ?? 'groups')} ${claim === undefined ? 'missing' : list(textsOf(person, claim) ?? [])}`,
    ...['amr', 'acr'].flatMap(one => textsOf(person, one) ? [`${one} ${list(textsOf(person, one)!)}`] : []),
  ].join('; ');
  const lines: [string, string][] = [
    ...me ? [['groups', list(me.groups)] as [string, string]] : [],
    ['credential', credentialLine(held, now)],
    ...said ? [['it says', said] as [string, string]] : [],
    ...dropped.length > 0 ? [['not let through', list(dropped)] as [string, string]] : [],
  ];
  return [
    me ? `You are ${paint('bold', plain(me.name))}` : paint('red', 'The API server does not know you (401).'),
    ...lines.map(([name, text]) => `  ${name.padEnd(15)}  ${text}`),
    ...me ? [paint('bold', 'Grants'), ...grantLines(requests)] : [],
    ...findings.map(({ text }) => `${paint('yellow', 'note:')} ${text}`),
  ].join('\n');
}

function credentialLine({ kind, endsAt, claims, subject }: Held, now: number): string {
  const what = kind === 'other' ? 'neither a token nor a certificate of the kubeconfig' : kind === 'certificate' ? `certificate ${plain(subject ?? '')}` : claims ? 'token' : 'token that only its issuer can read';
  if (endsAt === undefined) return what;
  const left = secondsLeft(endsAt, now);
  return `${what}, ${left > 0 ? `until ${clockTime(endsAt, now)} (${duration(left)} left)` : `ended at ${clockTime(endsAt, now)}`}`;
}

function grantLines(requests: Standing[] | undefined): string[] {
  if (requests === undefined) return ['  You may not list RoleBindings here, so they are unknown; name a namespace with -n.'];
  if (requests.length === 0) return ['  None.'];
  return requests.map(one => `  ${plain(one.request.namespace)}/${plain(one.request.role)}: ${plain(one.state)}, until ${until(one)}`);
}
