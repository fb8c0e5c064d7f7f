import type { Duration } from 'cdk8s';
import { APPROVES_AS, LONGEST_TIMER, TERMS } from '../../model/access-request';
import { byCodeUnit } from '../../private/canonical';
import { reject } from '../../private/errors';
import { each, groupName, seconds, text } from '../../private/validate';

/** How many of the approvals have to come from a group. */
export interface ApprovalQuorum {
  /** The group; one of the approvers. */
  readonly group: string;
  /** How many, at least 1. */
  readonly approvals: number;
}

/** How long the members of a group may have access at most. */
export interface GroupDuration {
  /** The group. */
  readonly group: string;
  /** The longest access, from 10 minutes to 24 hours. */
  readonly maxDuration: Duration;
}

/** Who may ask, who approves, and for how long; checked and sorted. */
export interface Terms {
  readonly requesters: string[];
  readonly approvers: string[];
  readonly autoApprove: string[];
  /** Groups that approve each other's requests. */
  readonly selfApproving: string[];
  readonly annotations: { [key: string]: string };
}

/** The terms as constructs take them. */
interface TermsProps {
  readonly requesters: string[];
  readonly approvers?: string[];
  readonly approvals?: number;
  readonly quorum?: ApprovalQuorum[];
  readonly autoApprove?: string[];
  readonly selfApproval?: boolean;
  readonly maxDuration?: Duration;
  readonly maxDurationByGroup?: GroupDuration[];
  readonly ticketPattern?: string;
}

const HOUR = 3600;
const SHORTEST = 600;
const MOST_APPROVALS = 5;
const MOST_GROUPS = 20;
/** Like INC-42. */
const TICKET = '[A-Z][A-Z0-9]*-[0-9]+';

/**
 * Checks the terms and writes them down.
 *
 * @param prefix begin of the fields' names, such as `requests.`
 */
export function termsOf(where: string, prefix: string, props: TermsProps): Terms {
  const field = (name: string) => `${prefix}${name}`;
  const requesters = groups(where, field('requesters'), props.requesters);
  const autoApprove = props.autoApprove === undefined ? [] : groups(where, field('autoApprove'), props.autoApprove);
  const approvers = props.approvers === undefined ? [] : groups(where, field('approvers'), props.approvers);

  autoApprove.forEach(group => {
    if (!requesters.includes(group)) {
      reject({ where, field: field('autoApprove'), value: group, problem: 'may not request, so nothing of theirs would be approved', fix: `name one of the requesters: ${requesters.join(', ')}` });
    }
  });
  const others = requesters.filter(group => !autoApprove.includes(group));
  if (approvers.length === 0 && others.length > 0) {
    reject({ where, field: field('approvers'), value: props.approvers, problem: `is missing, so nobody could approve what ${others.join(', ')} ask for`, fix: 'name the groups whose members approve' });
  }
  const selfApproving = approvers.filter(group => others.includes(group));
  const [both] = selfApproving;
  if (both !== undefined && !props.selfApproval) {
    reject({
      where,
      field: field('approvers'),
      value: both,
      problem: 'also requests, so two of its members could approve each other whatever they like',
      fix: 'name a group of other people, or set selfApproval: true if members may approve each other (never themselves)',
    });
  }
  if (props.selfApproval && !approvers.some(group => requesters.includes(group))) {
    reject({ where, field: field('selfApproval'), value: true, problem: 'is said, and no group both requests and approves', fix: 'leave it out' });
  }

  const approvals = props.approvals ?? 1;
  if (!Number.isInteger(approvals) || approvals < 1 || approvals > MOST_APPROVALS) {
    reject({ where, field: field('approvals'), value: approvals, problem: `is not a whole number from 1 to ${MOST_APPROVALS}`, fix: 'say how many people have to approve; who needs no approval is in autoApprove' });
  }
  const quorum = quorumOf(where, field('quorum'), props.quorum, approvers, approvals);
  const maxSeconds = props.maxDuration === undefined ? HOUR : seconds(where, field('maxDuration'), props.maxDuration, SHORTEST, LONGEST_TIMER);
  const byGroup = durations(where, field('maxDurationByGroup'), props.maxDurationByGroup);
  const pattern = ticketPattern(where, field('ticketPattern'), props.ticketPattern ?? TICKET);

  return {
    requesters,
    approvers,
    autoApprove,
    selfApproving,
    annotations: {
      [TERMS.maxSeconds]: String(maxSeconds),
      ...byGroup.length && { [TERMS.maxSecondsByGroup]: byGroup.join('\n') },
      [TERMS.approvals]: String(approvals),
      ...approvers.length && { [TERMS.approvers]: approvers.join('\n') },
      ...quorum.length && { [TERMS.quorum]: quorum.join('\n') },
      ...autoApprove.length && { [TERMS.autoApprove]: autoApprove.join('\n') },
      [TERMS.ticketPattern]: pattern,
    },
  };
}

function groups(where: string, field: string, values: string[]): string[] {
  each(where, field, values, 'group', (at, value) => {
    groupName(where, at, value);
    if (value.includes(APPROVES_AS)) reject({ where, field: at, value, problem: `contains "${APPROVES_AS}", which stands between user and group in an approval`, fix: 'use a group of another name' });
    return value;
  });
  if (values.length > MOST_GROUPS) reject({ where, field, value: `${values.length} groups`, problem: `are more than ${MOST_GROUPS}`, fix: 'make a group of them in the identity provider' });
  return [...values].sort(byCodeUnit);
}

function quorumOf(where: string, field: string, quorum: ApprovalQuorum[] | undefined, approvers: string[], approvals: number): string[] {
  if (quorum === undefined) return [];
  each(where, field, quorum.map(({ group }) => group), 'group', (at, group) => {
    if (!approvers.includes(group)) reject({ where, field: at, value: group, problem: 'is no group of approvers', fix: `name one of ${approvers.join(', ') || 'approvers'}` });
    return group;
  });
  quorum.forEach((one, i) => {
    if (!Number.isInteger(one.approvals) || one.approvals < 1) reject({ where, field: `${field}[${i}].approvals`, value: one.approvals, problem: 'is not a whole number of at least 1', fix: 'say how many have to come from the group' });
  });
  const sum = quorum.reduce((all, one) => all + one.approvals, 0);
  if (sum > approvals) reject({ where, field, value: sum, problem: `asks for more approvals than the ${approvals} that are needed`, fix: `set approvals to ${sum}, or ask for fewer` });
  return [...quorum].sort((a, b) => byCodeUnit(a.group, b.group)).map(one => `${one.group}=${one.approvals}`);
}

function durations(where: string, field: string, byGroup: GroupDuration[] | undefined): string[] {
  if (byGroup === undefined) return [];
  each(where, field, byGroup.map(({ group }) => group), 'group', (at, group) => groupName(where, at, group));
  return [...byGroup].sort((a, b) => byCodeUnit(a.group, b.group))
    .map(one => `${one.group}=${seconds(where, `${field}[${byGroup.indexOf(one)}].maxDuration`, one.maxDuration, SHORTEST, LONGEST_TIMER)}`);
}

/** What RE2, the regular expressions of the API server, lacks or reads otherwise than JavaScript does. */
const NOT_RE2 = /\(\?(?!:)|\\[1-9kKGZzAQEuUcpP]|[*+?}]\+/;

/** RE2 that the whole ticket has to match, in the part of it that JavaScript shares. */
function ticketPattern(where: string, field: string, pattern: string): string {
  text(where, field, pattern, 'a regular expression such as "INC-[0-9]+"', 200);
  const refuse = (problem: string) => reject({ where, field, value: pattern, problem, fix: 'write a regular expression of RE2 such as "(INC|CHG)-[0-9]+"; it always has to match the whole ticket' });
  if (NOT_RE2.test(pattern)) refuse('uses look-around, back-references, flags or possessive quantifiers, which the API server does not have');
  let compiled: RegExp;
  try {
    compiled = new RegExp(`^(?:${pattern})$`, 'u');
  } catch {
    return refuse('is no regular expression');
  }
  if (compiled.test('')) refuse('matches a ticket that is empty');
  return pattern;
}
