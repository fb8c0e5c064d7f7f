import { closeSync, createReadStream, openSync, rmSync, writeSync } from 'fs';
import { Readable } from 'stream';
import { Damage } from './damage';
import { asObject, asText, AuditEvent, micros } from './event';
import { readLogs } from './read-logs';
import { COLUMNS, LONGEST_OBJECT } from './sql/read';

const SUBRESOURCES = ['attach', 'ephemeralcontainers', 'exec', 'log', 'portforward'];
const WRITES = ['rolebindings', 'clusterrolebindings', 'subjectaccessreviews'];

/** Whether an event may matter; which do is decided by the same SQL as for everything else. */
function mayMatter({ objectRef, verb, annotations }: AuditEvent): boolean {
  const { resource, subresource = '' } = asObject(objectRef);
  if (resource === 'pods' ? SUBRESOURCES.includes(subresource) || subresource === '' && verb === 'create' : resource === 'nodes' ? subresource === 'proxy' : WRITES.includes(resource)) return true;
  return Object.keys(asObject(annotations)).some(key => key.endsWith('/past-git') || key.endsWith('/validation_failure'));
}

/** Half a character is none for DuckDB. */
const whole = (_: string, value: unknown) => typeof value === 'string' ? (value as any).toWellFormed() : value;

/** What is read of a body, whatever else it has. */
function body(sent: unknown): unknown {
  if (sent === null || typeof sent !== 'object' || Array.isArray(sent)) return sent;
  const { metadata, spec, roleRef, subjects } = asObject(sent);
  const { name, labels, annotations } = asObject(metadata);
  const { ephemeralContainers, containers, user, groups, resourceAttributes } = asObject(spec);
  return { metadata: { name, labels, annotations }, spec: { ephemeralContainers, containers, user, groups, resourceAttributes }, roleRef, subjects };
}

/** What of a log may matter, written again as DuckDB can read it, by a reader that is slow, takes everything and names what is damaged. */
export class Spool {
  public constructor(public readonly file: string) {}

  /** Reads a log to its end, and says how many events it has. */
  public async fill(name: string, open: () => Readable, damage: Damage): Promise<number> {
    const fd = openSync(this.file, 'w', 0o600);
    try {
      return await readLogs([{ name, open }], damage, event => {
        if (asText(event.auditID) === '') return 'an event without ID';
        if (!mayMatter(event)) return;
        if (Number.isNaN(micros(asText(event.requestReceivedTimestamp)))) return 'an event without time';
        const kept = Object.fromEntries(Object.keys(COLUMNS).map(field => [field, field === 'requestObject' ? body(event[field]) : event[field]]));
        let line = JSON.stringify(kept, whole);
        const large = line.length > LONGEST_OBJECT / 2;
        if (large) line = JSON.stringify({ ...kept, requestObject: undefined }, whole);
        if (line.length > LONGEST_OBJECT / 2) return 'too long for an event';
        writeSync(fd, `${line}\n`);
        return large ? 'its body is too large to be read' : undefined;
      });
    } finally {
      closeSync(fd);
    }
  }

  public remove(): void {
    rmSync(this.file, { force: true });
  }
}

/** A file from its begin. */
export const fileReader = (file: string) => () => createReadStream(file, { highWaterMark: 1_048_576 });
