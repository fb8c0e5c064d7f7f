import { Claims, textsOf } from './id-token';
import { plain } from '../text';

/** What is wrong with a login, and what to do. */
export interface Finding {
  /** E.g. `no-groups`; scripts may rely on it. */
  readonly id: string;
  readonly text: string;
}

const CLAIMS = ['groups', 'roles', 'cognito:groups'];
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The claim that has the groups: one of those that providers use, or one whose name ends so. */
export function groupsClaimOf(claims: Claims): string | undefined {
  return CLAIMS.find(claim => textsOf(claims, claim)) ?? Object.keys(claims).find(claim => /[/:](groups|roles)$/.test(claim) && textsOf(claims, claim));
}

/** Why a token may give no right, by what stands in it about groups. */
export function groupFindings(claims: Claims, claim = groupsClaimOf(claims)): Finding[] {
  const elsewhere = claims._claim_names as Record<string, unknown> | undefined;
  if (claims.hasgroups === true || (typeof elsewhere === 'object' && elsewhere !== null && 'groups' in elsewhere)) {
    return [{
      id: 'group-overage',
      text: 'You are in more groups than Entra ID puts into a token, so it has none of them (_claim_names). Fix: at the app registration choose "Groups assigned to the application", or app roles.',
    }];
  }
  const groups = claim === undefined ? undefined : textsOf(claims, claim);
  if (groups === undefined) {
    return [{
      id: 'no-groups',
      text: `The token has no claim ${plain(claim ?? 'groups')}, so no right of a group can come of it. Fix: ask for the scope that gives it (--scope groups at most issuers), and let the issuer put it into the ID token.`,
    }];
  }
  if (groups.length === 0) {
    return [{ id: 'empty-groups', text: `The claim ${plain(claim!)} is empty. Fix: get into the group at the issuer (membership by a nested group does not count everywhere), and log in again.` }];
  }
  return [];
}

/** Groups of the token as the API server knows them. */
interface Compared {
  /** Of the token, and not known to the API server. */
  readonly dropped: string[];
  readonly findings: Finding[];
}

/** What became of the token's groups, without knowing the API server's prefix. */
export function compare(claims: Claims, known: string[], claim = groupsClaimOf(claims)): Compared {
  const groups = (claim === undefined ? undefined : textsOf(claims, claim)) ?? [];
  const prefix = prefixOf(groups, known);
  const dropped = groups.filter(group => prefix === undefined || !known.includes(prefix + group));
  const findings = groupFindings(claims, claim);
  if (groups.length > 0 && dropped.length === groups.length) {
    const why = groups.every(group => group.startsWith('/')) ? 'They begin with "/": at Keycloak turn off "Full group path" of the mapper, or list them so'
      : groups.every(group => UUID.test(group)) ? 'They are ids: list these, or let the issuer write names (at Entra ID app roles)'
        : `Its settings list other groups, or take another claim than ${plain(claim!)}`;
    findings.push({ id: 'no-group-through', text: `The API server knows none of the token's groups. ${why} (TokenIssuer: groups, groupsClaim). Fix: compare both lists, and ask who operates the cluster.` });
  }
  return { dropped, findings };
}

/** What the API server writes before each group: what fits most of them; of several, the shortest. Undefined when nothing does. */
function prefixOf(groups: string[], known: string[]): string | undefined {
  const fits = new Map<string, number>();
  for (const one of known.filter(name => !name.startsWith('system:'))) {
    for (const group of groups.filter(name => name !== '' && one.endsWith(name))) {
      const prefix = one.slice(0, -group.length);
      if (prefix === '' || /\W$/.test(prefix)) fits.set(prefix, (fits.get(prefix) ?? 0) + 1);
    }
  }
  return [...fits].sort(([a, many], [b, more]) => more - many || a.length - b.length)[0]?.[0];
}
