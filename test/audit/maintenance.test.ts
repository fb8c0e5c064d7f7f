import { readFileSync } from 'fs';
import { join } from 'path';
import { MaintenanceWindow, MaintenanceWindowProps, Weekday } from '../../src';
import { offsetAt, parseRule, QUIET_MONTHS, zoneRule } from '../../src/audit/alerts/time-zone';
import { windowStatements } from '../../src/audit/alerts/window-statements';
import { literal } from '../../src/audit/shipping/ottl';

const window = (props: Partial<MaintenanceWindowProps> = {}) =>
  new MaintenanceWindow('releases', { days: [Weekday.SATURDAY], from: '22:00', to: '03:30', timeZone: 'Europe/Berlin', ...props });

const TABLE: { irregular: string; rules: { [rule: string]: string } } = JSON.parse(readFileSync(join(__dirname, '..', '..', 'assets', 'time-zones.json'), 'utf8'));
const ZONES = Object.entries(TABLE.rules).flatMap(([rule, names]) => names.split(' ').map((name): [string, string] => [name, rule]));

/** Seconds east of UTC as Node.js knows it; undefined for a zone that it does not know. */
function intlOffset(zone: string): ((unixSeconds: number) => number) | undefined {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  } catch {
    return undefined;
  }
  return at => {
    const [, sign, hours, minutes] = /GMT(?:([+-])(\d\d):(\d\d))?$/.exec(format.format(at * 1000))!;
    return sign === undefined ? 0 : (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60);
  };
}

describe('time zones', () => {
  test('every zone of the table goes as Node.js says, through two years', () => {
    const unknown: string[] = [];
    const wrong = new Set<string>();
    let compared = 0;
    for (const [zone, posix] of ZONES) {
      const offset = intlOffset(zone);
      if (!offset) {
        unknown.push(zone);
        continue;
      }
      const rule = parseRule(posix);
      for (let at = Date.UTC(2027, 0, 1) / 1000; at < Date.UTC(2029, 0, 1) / 1000; at += 41 * 3600) {
        compared++;
        if (offset(at) !== offsetAt(rule, at)) wrong.add(`${zone} at ${new Date(at * 1000).toISOString()}`);
      }
    }
    expect([...wrong]).toEqual([]);
    expect(unknown.length).toBeLessThan(20);
    expect(compared).toBeGreaterThan(200_000);
  });

  test.each(['Europe/Berlin', 'America/New_York', 'America/Santiago', 'Australia/Lord_Howe', 'Asia/Jerusalem', 'Europe/Dublin', 'Africa/Cairo', 'Asia/Beirut'])('%s changes its clocks in the right half hour', zone => {
    const offset = intlOffset(zone)!;
    const rule = zoneRule('test', 'zone', zone);
    for (let at = Date.UTC(2027, 0, 1) / 1000; at < Date.UTC(2028, 0, 5) / 1000; at += 1800) {
      if (offset(at) !== offsetAt(rule, at)) throw new Error(`${zone} at ${new Date(at * 1000).toISOString()}: ${offset(at)}, not ${offsetAt(rule, at)}`);
    }
  });

  test('no clock changes around the end of the year, on which the rules rely', () => {
    for (const [, posix] of ZONES) {
      const { summer } = parseRule(posix);
      if (summer) expect([summer.from.month, summer.to.month].some(month => QUIET_MONTHS.includes(month))).toBe(false);
    }
  });
});

describe('MaintenanceWindow', () => {
  test('lies where it says, over midnight', () => {
    const one = window();
    expect(['2026-03-07T20:59:59Z', '2026-03-07T21:00:00Z', '2026-03-08T02:29:59Z', '2026-03-08T02:30:00Z', '2026-03-08T21:00:00Z'].map(at => one.contains(at)))
      .toEqual([false, true, true, false, false]);
    expect(String(one)).toBe('releases: saturday 22:00 to 03:30 of the next day, Europe/Berlin');
  });

  test('where clocks are set forward, what is left out of the night is left out of it', () => {
    // 2026-03-29: 02:00 becomes 03:00, so the window lasts until 01:30 UTC instead of 02:30.
    expect(['2026-03-29T00:59:59Z', '2026-03-29T01:00:00Z', '2026-03-29T01:29:59Z', '2026-03-29T01:30:00Z'].map(at => window().contains(at))).toEqual([true, true, true, false]);
  });

  test('where clocks are set back, the hour that comes twice counts twice', () => {
    // 2026-10-25: 03:00 becomes 02:00, so 03:30 is 02:30 UTC.
    expect(['2026-10-24T19:59:59Z', '2026-10-24T20:00:00Z', '2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z', '2026-10-25T02:29:59Z', '2026-10-25T02:30:00Z'].map(at => window().contains(at)))
      .toEqual([false, true, true, true, true, false]);
  });

  test('whole days, and several days, begin on the right ones', () => {
    const weekend = window({ days: [Weekday.SUNDAY, Weekday.SATURDAY], from: '00:00', to: '24:00', timeZone: 'Etc/UTC' });
    expect(weekend.days).toEqual([Weekday.SUNDAY, Weekday.SATURDAY]);
    expect(['2026-03-06T23:59:59Z', '2026-03-07T00:00:00Z', '2026-03-08T23:59:59Z', '2026-03-09T00:00:00Z'].map(at => weekend.contains(at))).toEqual([false, true, true, false]);
    expect(String(weekend)).toBe('releases: sunday, saturday 00:00 to 24:00, Etc/UTC');
  });

  test('a window that ends at midnight has no part of the next day', () => {
    expect(window({ to: '00:00' }).toAlertmanager().time_intervals).toEqual([{ times: [{ start_time: '22:00', end_time: '24:00' }], weekdays: ['saturday'], location: 'Europe/Berlin' }]);
  });

  test('for Alertmanager it is one interval a part of the day', () => {
    expect(window({ days: [Weekday.FRIDAY, Weekday.SATURDAY] }).toAlertmanager()).toEqual({
      name: 'releases',
      time_intervals: [
        { times: [{ start_time: '22:00', end_time: '24:00' }], weekdays: ['friday', 'saturday'], location: 'Europe/Berlin' },
        { times: [{ start_time: '00:00', end_time: '03:30' }], weekdays: ['saturday', 'sunday'], location: 'Europe/Berlin' },
      ],
    });
  });

  test.each<[string, string, Partial<MaintenanceWindowProps>, string]>([
    ['no day', 'releases', { days: [] }, 'days = [] is empty'],
    ['a day twice', 'releases', { days: [Weekday.MONDAY, Weekday.MONDAY] }, 'days[1] = "monday" is listed twice'],
    ['a day that there is not', 'releases', { days: ['caturday' as Weekday] }, 'days[0] = "caturday" is no day'],
    ['an hour that there is not', 'releases', { from: '25:00' }, 'from = "25:00" is no time of the day'],
    ['a begin at 24:00', 'releases', { from: '24:00' }, 'from = "24:00" is no time of the day'],
    ['an end after 24:00', 'releases', { to: '24:01' }, 'to = "24:01" is no time of the day'],
    ['a time without leading zero', 'releases', { from: '9:00' }, 'from = "9:00" is no time of the day'],
    ['an empty window', 'releases', { from: '22:00', to: '22:00' }, 'to = "22:00" is when it begins'],
    ['a zone that there is not', 'releases', { timeZone: 'Europe/Bielefeld' }, 'timeZone = "Europe/Bielefeld" is not an IANA time zone'],
    ['a zone in other letters', 'releases', { timeZone: 'europe/berlin' }, 'Fix: write "Europe/Berlin"'],
    ['an abbreviation that is no zone', 'releases', { timeZone: 'CEST' }, 'is not an IANA time zone'],
    ['a zone that follows the moon', 'releases', { timeZone: 'Africa/Casablanca' }, 'changes its clocks by the moon'],
    ['a blank zone', 'releases', { timeZone: '' }, 'is not an IANA time zone'],
    ['the name of no window', 'none', {}, 'name = "none" is what events outside every window are labelled with'],
    ['a name with blanks', 'my releases', {}, 'name = "my releases" is not a DNS label'],
    ['an empty reason', 'releases', { reason: ' ' }, 'reason'],
  ])('refuses %s', (_, name, props, message) => {
    expect(() => new MaintenanceWindow(name, { days: [Weekday.SATURDAY], from: '22:00', to: '03:30', ...props })).toThrow(message);
  });

  test('refuses to judge what is no time', () => {
    expect(() => window().contains('tomorrow')).toThrow('MaintenanceWindow.contains: time = "tomorrow" is not a time with its offset');
    expect(() => window().contains('2026-03-29T00:30:00')).toThrow('is not a time with its offset');
  });

  test('in the collector the clock of each zone is read once, and the first window that matches names the event', () => {
    const statements = windowStatements([window(), window({ days: [Weekday.MONDAY] }), new MaintenanceWindow('utc', { days: [Weekday.MONDAY], from: '01:00', to: '02:00' })], 'label');
    expect(statements[0]).toBe('set(label, "none")');
    expect(statements.filter(one => one.startsWith(`set(log.cache[${literal('wall Europe/Berlin')}]`))).toHaveLength(2);
    expect(statements[statements.length - 1]).toBe('set(label, "utc") where (label == "none") and ((Weekday(Unix(log.cache["wall Etc/UTC"])) == 1) and (Hour(Unix(log.cache["wall Etc/UTC"])) * 60 + Minute(Unix(log.cache["wall Etc/UTC"])) >= 60) and (Hour(Unix(log.cache["wall Etc/UTC"])) * 60 + Minute(Unix(log.cache["wall Etc/UTC"])) < 120))');
  });
});
