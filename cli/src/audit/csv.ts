import { AuditReport, DebugSession } from './debug-session';
import { commandText, grantText, otherGrantText } from './session-text';
import { plain } from '../text';

/** Spreadsheets take a cell that begins so for a formula; the wide forms too, in some locales. */
const FORMULA = /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]/;

/**
 * A field of RFC 4180, always in quotes: a spreadsheet that divides at semicolons then finds none outside them. What would be
 * a formula begins with an apostrophe.
 */
function field(value: string | number | undefined): string {
  const text = typeof value === 'number' ? String(value) : plain(value ?? '');
  return `"${(typeof value !== 'number' && FORMULA.test(text) ? `'${text}` : text).replace(/"/g, '""')}"`;
}

const list = (texts: string[]): string => texts.join('; ');

const COLUMNS: [string, (session: DebugSession) => string | number | undefined][] = [
  ['id', ({ id }) => id],
  ['cluster', ({ cluster }) => cluster],
  ['start', ({ start }) => start],
  ['end', ({ end }) => end],
  ['seconds', ({ seconds }) => seconds],
  ['outcome', ({ outcome }) => outcome],
  ['path', ({ path }) => path],
  ['outside', ({ outside }) => outside],
  ['user', ({ user }) => user],
  ['impersonator', ({ impersonator }) => impersonator],
  ['groups', ({ groups }) => list(groups)],
  ['capability', ({ capability }) => capability],
  ['namespace', ({ namespace }) => namespace],
  ['pod', ({ pod }) => pod],
  ['object', ({ object }) => object],
  ['container', ({ container }) => container],
  ['command', ({ command }) => commandText(command ?? [])],
  ['image', ({ image }) => image],
  ['ports', ({ ports }) => list(ports ?? [])],
  ['grant', ({ grant }) => grant && grantText(grant)],
  ['request', ({ request }) => request?.name],
  ['reason', ({ request }) => request?.reason],
  ['ticket', ({ request }) => request?.ticket],
  ['approvers', ({ request }) => list(request?.approvers ?? [])],
  ['expires', ({ request }) => request?.expiresAt],
  ['other_grants', ({ otherGrants }) => list(otherGrants.map(otherGrantText))],
  ['refused_by', ({ refusal }) => refusal && (refusal.policy ?? refusal.by)],
  ['refusal', ({ refusal }) => refusal?.message],
  ['would_deny', ({ wouldDeny }) => list(wouldDeny)],
  ['client', ({ client }) => client],
  ['sources', ({ sources }) => list(sources)],
  ['events', ({ events }) => events],
];

export const HEADINGS = COLUMNS.map(([name]) => field(name)).join(',');
export const csvLine = (session: DebugSession): string => COLUMNS.map(([, of]) => field(of(session))).join(',');

/**
 * One session a line, for spreadsheets and data frames.
 *
 * @see https://www.rfc-editor.org/rfc/rfc4180
 */
export function csv({ sessions }: AuditReport): string {
  return [HEADINGS, ...sessions.map(csvLine)].join('\r\n');
}
