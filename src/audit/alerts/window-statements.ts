import { MaintenanceWindow } from './maintenance-window';
import { ClockChange, earliestDay, QUIET_MONTHS, withinYear, ZoneRule } from './time-zone';
import { all, any, is, literal, not, set, temp } from '../shipping/ottl';

/** The moment of the event on a clock that is so many seconds ahead of UTC. */
const shifted = (seconds: number) => seconds === 0 ? 'log.time' : `log.time + Duration(${literal(`${seconds}s`)})`;

/** Whether the change of its year has happened, by a clock that shows the time before it: as `offsetAt` in time-zone.ts. */
function happened(change: ClockChange, before: number): string {
  const { month, weekday, seconds } = change;
  const clock = shifted(before - seconds);
  const since = earliestDay(change) - weekday;
  return any(
    `Month(${clock}) > ${month}`,
    // Counted back to the weekday of the change, the day is one on which it can be.
    all(`Month(${clock}) == ${month}`, `Weekday(${clock}) >= ${weekday}`, `Day(${clock}) - Weekday(${clock}) >= ${since}`),
    all(`Month(${clock}) == ${month}`, `Weekday(${clock}) < ${weekday}`, `Day(${clock}) - Weekday(${clock}) >= ${since + 7}`),
  );
}

function isSummer({ standard, summer }: ZoneRule & { readonly summer: NonNullable<ZoneRule['summer']> }): string {
  const [begun, ended] = [happened(summer.from, standard), happened(summer.to, summer.offset)];
  const quiet = any(...QUIET_MONTHS.map(month => `Month(log.time) == ${month}`));
  return withinYear(summer) ? all(not(quiet), begun, not(ended)) : any(quiet, begun, not(ended));
}

/**
 * Labels an event with the window that it lies in, by its own time: Prometheus and Loki know no time zones, and what arrives late,
 * after an outage, is judged by when it happened.
 */
export function windowStatements(windows: MaintenanceWindow[], label: string): string[] {
  const zones = [...new Set(windows.map(window => window.timeZone))];
  const wall = (zone: string) => temp(`wall ${zone}`);
  return [
    set(label, literal('none')),
    ...zones.flatMap(zone => {
      const rule = windows.find(window => window.timeZone === zone)!._rule;
      const at = (offset: number) => offset === 0 ? 'UnixSeconds(log.time)' : `UnixSeconds(log.time) + ${offset}`;
      return [
        set(wall(zone), at(rule.standard)),
        ...rule.summer ? [set(wall(zone), at(rule.summer.offset), isSummer({ ...rule, summer: rule.summer }))] : [],
      ];
    }),
    ...windows.flatMap(window => {
      const clock = `Unix(${wall(window.timeZone)})`;
      const within = window._parts().map(({ weekday, from, to }) => all(
        `Weekday(${clock}) == ${weekday}`,
        `Hour(${clock}) * 60 + Minute(${clock}) >= ${from}`,
        `Hour(${clock}) * 60 + Minute(${clock}) < ${to}`,
      ));
      // The first one that it lies in.
      return [set(label, literal(window.name), all(is(label, 'none'), any(...within)))];
    }),
  ];
}
