import { Cron } from 'cdk8s';
import { reject } from './errors';
import { objectName } from './validate';

/** A field of a cron expression: its name, its bounds, and the names that stand for numbers, from the lower bound on. */
interface Field { readonly name: string; readonly min: number; readonly max: number; readonly names: string[] }

const FIELDS: Field[] = [
  { name: 'minute', min: 0, max: 59, names: [] },
  { name: 'hour', min: 0, max: 23, names: [] },
  { name: 'day of month', min: 1, max: 31, names: [] },
  { name: 'month', min: 1, max: 12, names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'] },
  { name: 'day of week', min: 0, max: 6, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
];

const DAY_MINUTES = 24 * 60;
const DAY_MS = DAY_MINUTES * 60_000;
/** Weekdays and dates fall together again after 28 years. The years are of no meaning, so no clock is needed. */
const CYCLE = { first: Date.UTC(2001, 0, 1), days: 28 * 365 + 7 };

/** The values that a field matches. */
interface Matched { readonly values: Set<number>; readonly star: boolean }

type Refuse = (problem: string, fix: string) => never;

function numberOf(text: string, { name, min, max, names }: Field, refuse: Refuse): number {
  const named = names.indexOf(text.toLowerCase());
  const value = named >= 0 ? min + named : /^\d{1,4}$/.test(text) ? Number(text) : NaN;
  if (!(value >= min && value <= max)) {
    const also = names.length ? ` or a name from ${names[0]} to ${names[names.length - 1]}` : '';
    refuse(`has "${text}" as ${name}`, `use a number from ${min} to ${max}${also}`);
  }
  return value;
}

/** One item of a list: `*`, `5`, `5-10`, each with an optional step. */
function itemOf(text: string, field: Field, refuse: Refuse): Matched {
  const item = /^(?:(?<star>\*)|(?<from>[^-/]+)(?:-(?<to>[^-/]+))?)(?:\/(?<step>\d{1,4}))?$/.exec(text)?.groups;
  if (!item) return refuse(`has "${text}" as ${field.name}`, 'use *, a number, a range such as 1-5, a step such as */10, or a list of these');
  const step = item.step === undefined ? 1 : Number(item.step);
  if (step < 1 || step > field.max) {
    refuse(`has the step ${step} as ${field.name}, which is no step within ${field.min} to ${field.max}`, `use a step from 1 to ${field.max}`);
  }
  const from = item.star ? field.min : numberOf(item.from, field, refuse);
  // A single number with a step means up to the end, as Kubernetes reads it.
  const to = item.star || (item.to === undefined && item.step !== undefined) ? field.max : numberOf(item.to ?? item.from, field, refuse);
  if (from > to) refuse(`has the inverted range "${text}" as ${field.name}`, 'write the smaller end first');
  const values = new Set<number>();
  for (let value = from; value <= to; value += step) values.add(value);
  return { values, star: item.star !== undefined && step === 1 };
}

function fieldOf(text: string, field: Field, refuse: Refuse): Matched {
  const items = text.split(',').map(item => itemOf(item, field, refuse));
  return { values: new Set(items.flatMap(item => [...item.values])), star: items.some(item => item.star) };
}

/** A schedule that Kubernetes accepts, and how far apart its runs can be. */
interface Schedule {
  /** The five fields, separated by single blanks. */
  readonly expression: string;
  /** The longest time between two runs, in minutes, on a clock without daylight saving. */
  readonly longestGapMinutes: number;
}

/**
 * Checks what cdk8s' Cron leaves unchecked: the five fields as the CronJob controller reads them.
 *
 * @throws on what Kubernetes refuses, on steps beyond the field (*\/90 minutes would be hourly), and when no day matches
 * @see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#schedule-syntax
 */
export function checkSchedule(where: string, field: string, cron: Cron): Schedule {
  const value = cron?.expressionString;
  const refuse: Refuse = (problem, fix) => reject({ where, field, value, problem, fix });
  if (typeof value !== 'string') {
    reject({ where, field, value: cron, problem: 'is not a Cron', fix: 'write Cron.schedule({ minute: "*/10" })' });
  }
  const texts = value.trim().split(/\s+/);
  if (texts.length !== FIELDS.length) refuse(`has ${texts.length} fields, not five`, 'write minute, hour, day of month, month and day of week');
  const [minutes, hours, days, months, weekdays] = FIELDS.map((f, i) => fieldOf(texts[i], f, refuse));

  const times = [...hours.values].flatMap(hour => [...minutes.values].map(minute => hour * 60 + minute)).sort((a, b) => a - b);
  const gaps = times.slice(1).map((time, i) => time - times[i]);
  const overnight = times[0] - times[times.length - 1];
  for (const apart of daysApart(days, months, weekdays, refuse)) gaps.push(apart * DAY_MINUTES + overnight);
  return { expression: texts.join(' '), longestGapMinutes: Math.max(...gaps) };
}

/** The distinct numbers of days from one day that matches to the next. */
function daysApart(days: Matched, months: Matched, weekdays: Matched, refuse: Refuse): Set<number> {
  if (days.star && months.star && weekdays.star) return new Set([1]);
  const matching: number[] = [];
  for (let i = 0; i < CYCLE.days; i++) {
    const date = new Date(CYCLE.first + i * DAY_MS);
    const day = days.values.has(date.getUTCDate());
    const weekday = weekdays.values.has(date.getUTCDay());
    // Where both are restricted, either is enough.
    const matches = days.star || weekdays.star ? day && weekday : day || weekday;
    if (matches && months.values.has(date.getUTCMonth() + 1)) matching.push(i);
  }
  if (matching.length === 0) refuse('matches no day of any year', 'name a day that the month has');
  // After the last one comes the first one of the next cycle.
  return new Set(matching.map((day, i) => (i + 1 < matching.length ? matching[i + 1] : matching[0] + CYCLE.days) - day));
}

/** As the API server checks it, but for whether the zone exists, which depends on the time-zone data of each machine. */
export function checkTimeZone(where: string, field: string, value: string): string {
  const parts = typeof value === 'string' ? value.split('/') : [];
  if (parts.length === 0 || !parts.every(part => /^[A-Za-z_0-9+][-A-Za-z_0-9+]{0,13}$/.test(part)) || value.toLowerCase() === 'local') {
    reject({ where, field, value, problem: 'is not an IANA time zone', fix: 'write one such as "Etc/UTC" or "Europe/Berlin"' });
  }
  return value;
}

/** The CronJob controller adds a dash and ten digits for the name of a Job, which may have 63 characters. */
const LONGEST_NAME = 52;

/** The name of a CronJob. */
export function cronJobName(where: string, field: string, value: string): string {
  objectName(where, field, value);
  if (value.length > LONGEST_NAME) {
    reject({ where, field, value, problem: `is ${value.length} characters long, the limit for a CronJob is ${LONGEST_NAME}`, fix: `shorten it to ${LONGEST_NAME} characters` });
  }
  return value;
}
