import { readAsset } from '../../private/assets';
import { reject } from '../../private/errors';

/** The day and time at which clocks change: the `week`-th `weekday` of the month (5 is the last), `seconds` after its midnight. */
export interface ClockChange {
  /** 1 to 12. */
  readonly month: number;
  /** 1 to 5. */
  readonly week: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  /** By the clock before the change; may be negative or more than a day. */
  readonly seconds: number;
}

/** How a time zone goes by the rules of today. Offsets are seconds east of UTC. */
export interface ZoneRule {
  readonly standard: number;
  /** Undefined where clocks never change. */
  readonly summer?: { readonly offset: number; readonly from: ClockChange; readonly to: ClockChange };
}

interface Table { readonly irregular: string; readonly rules: { [rule: string]: string } }

/** Of a POSIX TZ string: a name, an offset west of UTC, and perhaps a second pair with the two changes. */
const POSIX = /^(?:<[^>]+>|[A-Za-z]+)(?<standard>[-+:\d]+)(?:(?:<[^>]+>|[A-Za-z]+)(?<summer>[-+:\d]+)?,(?<from>[^,]+),(?<to>[^,]+))?$/;

function secondsOf(clock: string): number {
  const [hours, minutes = 0, seconds = 0] = clock.replace(/^[-+]/, '').split(':').map(Number);
  const amount = hours * 3600 + minutes * 60 + seconds;
  // Not -0, which JSON and equality tell apart from 0.
  return clock.startsWith('-') && amount > 0 ? -amount : amount;
}

function changeOf(text: string): ClockChange {
  const [day, time = '2'] = text.split('/');
  const [month, week, weekday] = day.slice(1).split('.').map(Number);
  return { month, week, weekday, seconds: secondsOf(time) };
}

/** A POSIX TZ string, as tzdata ends its files with. Its offsets count west, ours east. */
export function parseRule(posix: string): ZoneRule {
  const { standard, summer, from, to } = POSIX.exec(posix)!.groups!;
  const base = 0 - secondsOf(standard);
  if (from === undefined) return { standard: base };
  const offset = summer === undefined ? base + 3600 : 0 - secondsOf(summer);
  return { standard: base, summer: { offset, from: changeOf(from), to: changeOf(to) } };
}

const listed = (names: string, name: string) => names.split(' ').includes(name);

/**
 * The rule of an IANA time zone. It comes with this library, not from the machine, so that the output is the same everywhere.
 *
 * @throws on a name that there is not, and on the zones whose clocks follow no yearly rule
 */
export function zoneRule(where: string, field: string, name: string): ZoneRule {
  const { irregular, rules } = JSON.parse(readAsset('time-zones.json')) as Table;
  if (typeof name === 'string' && listed(irregular, name)) {
    reject({
      where, field, value: name, problem: 'changes its clocks by the moon, on dates that no rule gives', fix: 'name a zone of the same offset without changes, e.g. "Etc/GMT-1", and mind that its sign is turned around',
    });
  }
  const rule = Object.entries(rules).find(([, names]) => listed(names, name))?.[0];
  if (rule === undefined || name === '') {
    const same = Object.values(rules).join(' ').split(' ').find(known => known.toLowerCase() === String(name).toLowerCase());
    reject({ where, field, value: name, problem: 'is not an IANA time zone', fix: same ? `write "${same}"` : 'write one such as "Europe/Berlin" or "Etc/UTC"' });
  }
  return parseRule(rule);
}

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** The first day of the month that can be the day of the change: it is on that weekday, on this day or up to six days later. */
export function earliestDay({ month, week }: ClockChange): number {
  return week === 5 ? DAYS[month - 1] - 6 : (week - 1) * 7 + 1;
}

/** Whether the change of its year has happened, by a clock that shows the time before the change. */
function happened(change: ClockChange, unixSeconds: number, before: number): boolean {
  const clock = new Date((unixSeconds + before - change.seconds) * 1000);
  const month = clock.getUTCMonth() + 1;
  if (month !== change.month) return month > change.month;
  const sinceWeekday = (clock.getUTCDay() - change.weekday + 7) % 7;
  return clock.getUTCDate() - sinceWeekday >= earliestDay(change);
}

/** Whether summer lies within one year; south of the equator it lasts over its end. */
export const withinYear = ({ from, to }: { readonly from: ClockChange; readonly to: ClockChange }) => from.month < to.month;

/** Months in which no clock changes: around the end of the year the two clocks below may show different years. */
export const QUIET_MONTHS = [1, 12];

/** Seconds east of UTC at a moment, given in seconds since 1970. */
export function offsetAt({ standard, summer }: ZoneRule, unixSeconds: number): number {
  if (!summer) return standard;
  const north = withinYear(summer);
  if (QUIET_MONTHS.includes(new Date(unixSeconds * 1000).getUTCMonth() + 1)) return north ? standard : summer.offset;
  const begun = happened(summer.from, unixSeconds, standard);
  const ended = happened(summer.to, unixSeconds, summer.offset);
  return (north ? begun && !ended : begun || !ended) ? summer.offset : standard;
}
