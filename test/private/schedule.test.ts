import { Cron } from 'cdk8s';
import * as fc from 'fast-check';
import { checkSchedule } from '../../src/private/schedule';

const cron = (expression: string) => {
  const [minute, hour, day, month, weekDay] = expression.split(' ');
  return Cron.schedule({ minute, hour, day, month, weekDay });
};
const check = (expression: string) => checkSchedule('X', 'schedule', cron(expression));
const DAY = 24 * 60;

describe('a schedule that Kubernetes accepts', () => {
  it.each<[string, number]>([
    ['* * * * *', 1],
    ['*/10 * * * *', 10],
    ['0 * * * *', 60],
    ['0,30 * * * *', 30],
    ['5-20/5 * * * *', 45],
    ['50/5 * * * *', 55],
    ['*/7 * * * *', 7],
    ['59 23 * * *', DAY],
    ['0 0 * * *', DAY],
    ['0 */6 * * *', 6 * 60],
    ['0 9-17 * * *', 16 * 60],
    ['0 9-17 * * 1-5', 64 * 60],
    ['0 9-17 * * mon-FRI', 64 * 60],
    ['0 0 * * 0', 7 * DAY],
    ['0 0 * * sun,wed', 4 * DAY],
    ['0 0 1 * *', 31 * DAY],
    ['0 0 31 * *', 61 * DAY],
    ['0 0 1 JAN *', 366 * DAY],
    ['0 0 29 2 *', 1461 * DAY],
    ['30 4 1,15 * *', 17 * DAY],
    ['0 0 1 * 1', 7 * DAY], // both restricted: the first, and every Monday
    ['0 0 */2 * *', 2 * DAY],
    ['0 0 1-31/2 * 0-6', 1 * DAY],
    ['0 0 */1 * 1', 7 * DAY], // a step of one is a star, so only Mondays
    ['0 0 * */12 *', 336 * DAY],
  ])('%s runs at least every %d minutes', (expression, minutes) => expect(check(expression)).toEqual({ expression, longestGapMinutes: minutes }));

  it('blanks are written one by one', () => {
    expect(checkSchedule('X', 'schedule', { expressionString: '  0\t*  * * * ' } as Cron).expression).toBe('0 * * * *');
  });

  it('cdk8s has some that are ready', () => {
    expect([Cron.everyMinute(), Cron.hourly(), Cron.daily(), Cron.weekly(), Cron.monthly(), Cron.annually()].map(c => checkSchedule('X', 'schedule', c).longestGapMinutes))
      .toEqual([1, 60, DAY, 7 * DAY, 31 * DAY, 366 * DAY]);
  });
});

describe('a schedule that would never run, or not when meant, is refused', () => {
  const LIST = 'Fix: use *, a number, a range such as 1-5, a step such as */10, or a list of these.';
  it.each<[string, string]>([
    ['60 * * * *', 'has "60" as minute. Fix: use a number from 0 to 59.'],
    ['* 24 * * *', 'has "24" as hour. Fix: use a number from 0 to 23.'],
    ['* * 0 * *', 'has "0" as day of month. Fix: use a number from 1 to 31.'],
    ['* * 32 * *', 'has "32" as day of month. Fix: use a number from 1 to 31.'],
    ['* * * 13 *', 'has "13" as month. Fix: use a number from 1 to 12 or a name from jan to dec.'],
    ['* * * 0 *', 'has "0" as month. Fix: use a number from 1 to 12 or a name from jan to dec.'],
    ['* * * january *', 'has "january" as month. Fix: use a number from 1 to 12 or a name from jan to dec.'],
    ['* * * * 7', 'has "7" as day of week. Fix: use a number from 0 to 6 or a name from sun to sat.'],
    ['* * * * 1-7', 'has "7" as day of week. Fix: use a number from 0 to 6 or a name from sun to sat.'],
    ['x * * * *', 'has "x" as minute. Fix: use a number from 0 to 59.'],
    ['1.5 * * * *', 'has "1.5" as minute. Fix: use a number from 0 to 59.'],
    ['mon * * * *', 'has "mon" as minute. Fix: use a number from 0 to 59.'],
    ['00000 * * * *', 'has "00000" as minute. Fix: use a number from 0 to 59.'],
    ['-1 * * * *', `has "-1" as minute. ${LIST}`],
    ['1-2-3 * * * *', `has "1-2-3" as minute. ${LIST}`],
    ['1, * * * *', `has "" as minute. ${LIST}`],
    ['*/ * * * *', `has "*/" as minute. ${LIST}`],
    ['*/x * * * *', `has "*/x" as minute. ${LIST}`],
    ['*/5/5 * * * *', `has "*/5/5" as minute. ${LIST}`],
    ['*5 * * * *', 'has "*5" as minute. Fix: use a number from 0 to 59.'],
    ['? * * * *', 'has "?" as minute. Fix: use a number from 0 to 59.'],
    ['*/0 * * * *', 'has the step 0 as minute, which is no step within 0 to 59. Fix: use a step from 1 to 59.'],
    ['*/90 * * * *', 'has the step 90 as minute, which is no step within 0 to 59. Fix: use a step from 1 to 59.'],
    ['* */24 * * *', 'has the step 24 as hour, which is no step within 0 to 23. Fix: use a step from 1 to 23.'],
    ['30-10 * * * *', 'has the inverted range "30-10" as minute. Fix: write the smaller end first.'],
    ['* * * * fri-mon', 'has the inverted range "fri-mon" as day of week. Fix: write the smaller end first.'],
    ['0 0 30 2 *', 'matches no day of any year. Fix: name a day that the month has.'],
    ['0 0 31 4,6,9,11 *', 'matches no day of any year. Fix: name a day that the month has.'],
  ])('%s', (expression, message) => expect(() => check(expression)).toThrow(`X: schedule = ${JSON.stringify(expression)} ${message}`));

  it.each<[string, number]>([['', 1], ['@hourly', 1], ['0 * * *', 4], ['0 0 * * * *', 6], ['TZ=Etc/UTC 0 * * * *', 6]])('%j has not five fields', (expressionString, count) => {
    expect(() => checkSchedule('X', 'schedule', { expressionString } as Cron)).toThrow(
      `X: schedule = ${JSON.stringify(expressionString)} has ${count} fields, not five. Fix: write minute, hour, day of month, month and day of week.`);
  });

  it.each([['text', '*/10 * * * *'], ['nothing', undefined]])('%s is no Cron', (_words, value) => {
    expect(() => checkSchedule('X', 'schedule', value as any)).toThrow('is not a Cron. Fix: write Cron.schedule({ minute: "*/10" }).');
  });
});

it('the longest gap is the one that a clock finds, minute by minute', () => {
  const numbers = (min: number, max: number) => fc.uniqueArray(fc.integer({ min, max }), { minLength: 1, maxLength: 4 });
  fc.assert(fc.property(numbers(0, 59), numbers(0, 23), numbers(0, 6), (minutes, hours, weekdays) => {
    const runs: number[] = [];
    for (let minute = 0; minute < 15 * DAY; minute++) {
      // The first day is a Thursday.
      const weekday = (4 + Math.floor(minute / DAY)) % 7;
      if (minutes.includes(minute % 60) && hours.includes(Math.floor(minute / 60) % 24) && weekdays.includes(weekday)) runs.push(minute);
    }
    const longest = Math.max(...runs.slice(1).map((run, i) => run - runs[i]));
    expect(check(`${minutes} ${hours} * * ${weekdays}`).longestGapMinutes).toBe(longest);
  }), { numRuns: 60 });
});
