import { csvLine, HEADINGS } from './csv';
import { AuditReport, DebugSession } from './debug-session';
import { Io } from '../io';
import { json } from '../text';

/** What is written while sessions are still read: a report may have more of them than memory should hold. */
export interface Stream {
  sessions(some: DebugSession[]): void;
  end(): void;
}

/** So many characters are written at a time. */
const PART = 65_536;

/** Collects small texts. */
class Parts {
  private part = '';

  public constructor(private readonly io: Io) {}

  public add(text: string): void {
    this.part += text;
    if (this.part.length > PART) this.write();
  }

  public write(): void {
    this.io.stdout.write(this.part);
    this.part = '';
  }
}

const OPENED = '{\n  ';
const BEGUN = '"sessions": [';
const CLOSED = '\n  ]\n}';
const NONE = `${BEGUN}]`;

/** The report as JSON, with the bytes that it would have in one piece. */
export function jsonStream(io: Io, report: Omit<AuditReport, 'sessions'>): Stream {
  const parts = new Parts(io);
  const { logs, from, to, damage } = report;
  const whole = json({ logs, from, to, sessions: [], damage });
  const at = whole.indexOf(NONE);
  let many = 0;
  parts.add(whole.slice(0, at));
  return {
    sessions: some => {
      const told = json({ sessions: some });
      parts.add(many === 0 ? told.slice(OPENED.length, -CLOSED.length) : `,${told.slice(OPENED.length + BEGUN.length, -CLOSED.length)}`);
      many += some.length;
    },
    end: () => {
      parts.add(`${many === 0 ? NONE : '\n  ]'}${whole.slice(at + NONE.length)}\n`);
      parts.write();
    },
  };
}

/** One session a line. */
export function csvStream(io: Io): Stream {
  const parts = new Parts(io);
  parts.add(HEADINGS);
  return {
    sessions: some => parts.add(some.map(one => `\r\n${csvLine(one)}`).join('')),
    end: () => {
      parts.add('\n');
      parts.write();
    },
  };
}
