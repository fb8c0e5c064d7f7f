import { readFileSync } from 'fs';
import { wrongUse } from '../errors';
import { plain } from '../text';

/** Something that happened in a session. */
export interface RecordedEvent {
  /** Seconds since it began. */
  readonly at: number;
  /** `o` output, `i` input of a pipe, `r` a new size, `m` a remark, `x` the exit status. */
  readonly code: string;
  readonly data: string;
}

/** The first line of a recording. */
export interface RecordingHead {
  readonly width: number;
  readonly height: number;
  /** Seconds since 1970. */
  readonly timestamp: number;
  /** Who, from where, with which certificate, and what was asked for. */
  readonly about: any;
}

/** A session as it was recorded. */
export interface RecordedSession extends RecordingHead {
  readonly events: RecordedEvent[];
  /** Whether it has an end: what wrote it may have been killed. */
  readonly complete: boolean;
}

/** Reads a recording, asciicast version 2; of its last line half may be missing. */
export function readRecording(file: string): RecordedSession {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return wrongUse(`${plain(file)} cannot be read: ${(error as Error).message}. Fix: name the file of a recording, which ends with .cast.`);
  }
  const lines = text.split('\n');
  const head = recordingHead(file, lines[0]);
  const events: RecordedEvent[] = [];
  lines.slice(1).forEach((line, i) => {
    if (line === '') return;
    const event = parsed(line);
    if (Array.isArray(event) && typeof event[0] === 'number' && typeof event[1] === 'string' && typeof event[2] === 'string') {
      events.push({ at: event[0], code: event[1], data: event[2] });
    } else if (i + 2 < lines.length) {
      wrongUse(`${plain(file)} is damaged at line ${i + 2}. Fix: fetch it again from where recordings are kept.`);
    }
  });
  return { ...head, events, complete: events.some(({ code }) => code === 'x') };
}

/** What the first line says. */
export function recordingHead(file: string, line: string): RecordingHead {
  const header = parsed(line);
  if (header?.version !== 2 || !Number.isInteger(header.width) || !Number.isInteger(header.height)) {
    wrongUse(`${plain(file)} is no recording (asciicast version 2): its first line does not say so. Fix: name a file that the gateway wrote.`);
  }
  return { width: header.width, height: header.height, timestamp: Number(header.timestamp) || 0, about: header['secure-debug'] ?? {} };
}

function parsed(line: string): any {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
