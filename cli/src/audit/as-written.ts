import { lineProgram } from './line-program';
import { NODES, NOTES, REVIEWS, SUBRESOURCES, VERBS } from './may-matter';

/** A line that has to be read, by the places of its bytes and its number among those that were looked at. */
type Read = (from: number, to: number, number: number) => void;

/**
 * Tells events that do not matter by how the API server writes them, without taking them apart. Whatever is written otherwise, has an
 * escape where a field's name could be, or has the begin of another event within, is not told.
 */
export class AsWritten {
  /** Lines are put here, and lines of more bytes are not looked at. */
  public readonly room: Buffer;
  /** So many events were told. */
  public passed = 0;

  private readonly program = lineProgram();

  public constructor() {
    const { room, roomFor } = this.program;
    this.room = this.bytes(room.value, roomFor.value);
    this.setUp({
      subresources: SUBRESOURCES,
      writes: Object.entries(VERBS).flatMap(([resource, verbs]) => verbs.flatMap(verb => [resource, verb])),
      reviews: [REVIEWS],
      nodes: [NODES],
      notes: NOTES,
    });
    this.begin();
  }

  /** The first and the last time of the events that were told. */
  public get times(): string[] {
    return this.passed === 0 ? [] : [this.earliest, this.latest].map(time => time.toString('latin1'));
  }

  private get earliest(): Buffer {
    return this.bytes(this.program.earliest.value, this.program.timeFor.value);
  }

  private get latest(): Buffer {
    return this.bytes(this.program.latest.value, this.program.timeFor.value);
  }

  /** Forgets what was told. */
  public begin(): void {
    this.passed = 0;
    this.earliest.fill('9');
    this.latest.fill('0');
  }

  /**
   * Looks at lines that end before a place of the room, each with its end.
   *
   * @returns how many there are
   */
  public look(end: number, read: Read): number {
    const { room, told, lines, many } = this.program;
    const begin = room.value;
    let number = 0;
    for (let at = begin; at < begin + end;) {
      at = this.program.look(at, begin + end);
      const found = new Uint32Array(this.program.memory.buffer, told.value, 3 * many.value);
      for (let i = 0; i < found.length; i += 3) read(found[i + 1] - begin, found[i + 2] - begin, number + found[i]);
      number += lines.value;
      this.passed += lines.value - many.value;
    }
    return number;
  }

  private bytes(from: number, many: number): Buffer {
    return Buffer.from(this.program.memory.buffer, from, many);
  }

  private setUp(lists: { readonly [name in 'subresources' | 'writes' | 'reviews' | 'nodes' | 'notes']: readonly string[] }): void {
    const { words, wordsFor } = this.program;
    const place = this.bytes(words.value, wordsFor.value);
    let at = 0;
    for (const [name, list] of Object.entries(lists)) {
      this.program[name as keyof typeof lists].value = words.value + at;
      const written = `${list.map(word => `${String.fromCharCode(word.length + 1)}${word}"`).join('')}\0`;
      if (at + written.length > place.length) throw new RangeError('what matters has more words than assembly/lines.ts has room for');
      at += place.write(written, at, 'latin1');
    }
  }
}
