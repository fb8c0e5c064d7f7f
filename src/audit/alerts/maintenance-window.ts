import { offsetAt, ZoneRule, zoneRule } from './time-zone';
import { WindowPart } from './window-part';
import { reject } from '../../private/errors';
import { dnsLabel, each, reason, text } from '../../private/validate';

const where = 'MaintenanceWindow';

/** A day of the week. */
export enum Weekday {
  MONDAY = 'monday',
  TUESDAY = 'tuesday',
  WEDNESDAY = 'wednesday',
  THURSDAY = 'thursday',
  FRIDAY = 'friday',
  SATURDAY = 'saturday',
  SUNDAY = 'sunday',
}

/** By the number that Unix gives them. */
const WEEKDAYS = [Weekday.SUNDAY, Weekday.MONDAY, Weekday.TUESDAY, Weekday.WEDNESDAY, Weekday.THURSDAY, Weekday.FRIDAY, Weekday.SATURDAY];

const DAY_MINUTES = 24 * 60;

/** When planned work may use cluster-admin. */
export interface MaintenanceWindowProps {
  /** The days on which it begins. */
  readonly days: Weekday[];

  /** When it begins on each of the days: `22:00`, by the clock on the wall of the time zone. */
  readonly from: string;

  /**
   * When it ends: `02:00`, or `24:00` for the end of the day. What is not after `from` is on the next day; the same time as
   * `from` is an error, for it could mean nothing or a whole day.
   */
  readonly to: string;

  /**
   * IANA time zone, e.g. `Europe/Berlin`.
   *
   * @default Etc/UTC
   */
  readonly timeZone?: string;

  /**
   * Why there is planned work then.
   *
   * @default - not said
   */
  readonly reason?: string;
}

/**
 * A time of planned work that comes back each week, by the clock on the wall: where clocks are set forward what the hour that is
 * left out has of the window is left out too, and where they are set back the hour that comes twice counts twice.
 *
 * The change of clocks follows the rules of IANA tzdata that come with this library.
 */
export class MaintenanceWindow {
  /** Name: a label of the events within. */
  public readonly name: string;
  /** The days on which it begins, in the order of the week from Sunday. */
  public readonly days: Weekday[];
  /** `HH:MM`. */
  public readonly from: string;
  /** `HH:MM`. */
  public readonly to: string;
  /** IANA time zone. */
  public readonly timeZone: string;
  /** Why, if it was said. */
  public readonly reason?: string;
  private readonly rule: ZoneRule;

  /** @throws on no day or one given twice, a time that there is not, an empty window, and a time zone that there is not */
  public constructor(name: string, props: MaintenanceWindowProps) {
    this.name = dnsLabel(where, 'name', name, 'a name such as "tuesday-releases"');
    if (this.name === 'none') reject({ where, field: 'name', value: name, problem: 'is what events outside every window are labelled with', fix: 'choose another name' });
    each(where, 'days', props.days, 'day', (field, day) => {
      if (!WEEKDAYS.includes(day as Weekday)) reject({ where, field, value: day, problem: 'is no day', fix: 'use Weekday.MONDAY to Weekday.SUNDAY' });
      return day;
    });
    this.days = WEEKDAYS.filter(day => props.days.includes(day));
    const from = minutesOf('from', props.from, false);
    const to = minutesOf('to', props.to, true);
    if (from === to) {
      reject({ where, field: 'to', value: props.to, problem: 'is when it begins, which could mean nothing or a whole day', fix: 'for whole days write from "00:00" to "24:00"' });
    }
    this.from = props.from;
    this.to = props.to;
    this.timeZone = props.timeZone ?? 'Etc/UTC';
    this.rule = zoneRule(where, 'timeZone', this.timeZone);
    this.reason = props.reason === undefined ? undefined : reason(where, 'reason', props.reason);
  }

  /**
   * Whether a moment lies within.
   *
   * @param time RFC 3339 with its offset, e.g. `2026-03-29T00:30:00Z`
   * @throws on anything else
   */
  public contains(time: string): boolean {
    const millis = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(time) ? Date.parse(time) : NaN;
    if (Number.isNaN(millis)) {
      reject({ where: `${where}.contains`, field: 'time', value: time, problem: 'is not a time with its offset', fix: 'write e.g. "2026-03-29T00:30:00Z"' });
    }
    const seconds = Math.floor(millis / 1000);
    const wall = new Date((seconds + offsetAt(this.rule, seconds)) * 1000);
    const minute = wall.getUTCHours() * 60 + wall.getUTCMinutes();
    return this._parts().some(part => part.weekday === wall.getUTCDay() && part.from <= minute && minute < part.to);
  }

  /**
   * As an entry of `time_intervals` in the configuration of Alertmanager, for those who rather mute alerts by their route
   * (`mute_time_intervals`). Alertmanager goes by the time at which it notifies, the alerts of this library by that of the event.
   *
   * @see https://prometheus.io/docs/alerting/latest/configuration/#time_interval
   */
  public toAlertmanager(): any {
    const parts = this._parts();
    const clock = (minutes: number) => `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
    const ranges = [...new Set(parts.map(part => `${part.from} ${part.to}`))];
    return {
      name: this.name,
      time_intervals: ranges.map(range => {
        const [from, to] = range.split(' ').map(Number);
        return {
          times: [{ start_time: clock(from), end_time: clock(to) }],
          weekdays: parts.filter(part => part.from === from && part.to === to).map(part => WEEKDAYS[part.weekday]),
          location: this.timeZone,
        };
      }),
    };
  }

  /** E.g. `tuesday-releases: tuesday 22:00 to 02:00 of the next day, Europe/Berlin`. */
  public toString(): string {
    const next = this._parts().length > this.days.length ? ' of the next day' : '';
    return `${this.name}: ${this.days.join(', ')} ${this.from} to ${this.to}${next}, ${this.timeZone}`;
  }

  /**
   * Its parts by day.
   *
   * @internal
   */
  public _parts(): WindowPart[] {
    const [from, to] = [minutesOf('from', this.from, false), minutesOf('to', this.to, true)];
    const begins = this.days.map(day => WEEKDAYS.indexOf(day));
    if (from < to) return begins.map(weekday => ({ weekday, from, to }));
    const evenings = begins.map(weekday => ({ weekday, from, to: DAY_MINUTES }));
    return to === 0 ? evenings : [...evenings, ...begins.map(weekday => ({ weekday: (weekday + 1) % 7, from: 0, to }))];
  }

  /** @internal */
  public get _rule(): ZoneRule {
    return this.rule;
  }
}

const two = (number: number) => String(number).padStart(2, '0');

function minutesOf(field: string, value: string, end: boolean): number {
  text(where, field, value, 'a time such as "22:00"', 5);
  const [, hours, minutes] = /^([01]\d|2[0-4]):([0-5]\d)$/.exec(value) ?? [];
  const total = Number(hours) * 60 + Number(minutes);
  if (hours === undefined || total > (end ? DAY_MINUTES : DAY_MINUTES - 1)) {
    reject({ where, field, value, problem: 'is no time of the day', fix: end ? 'write hours and minutes from "00:00" to "24:00"' : 'write hours and minutes from "00:00" to "23:59"' });
  }
  return total;
}
