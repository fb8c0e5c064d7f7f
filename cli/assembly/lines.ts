/**
 * AssemblyScript: looks at the lines of an audit log sixteen bytes at a time, and tells events that do not matter by how the API server
 * writes them, without taking them apart. Fields come in one order and without blanks, and quotes within texts are escaped, so that a
 * field cannot be forged in a text. The begin, the objectRef and the end are looked at in full; of what lies between, only whether it has
 * the begin of another event, an escape before the objectRef, or a byte that no JSON has. Every other line has to be read.
 *
 * What matters is not written here: `src/audit/as-written.ts` puts it into `words`.
 */

/** So many bytes of lines fit into the memory. */
const ROOM: i32 = 1_048_576;
/** So many lines that have to be read are told at a time. */
const TOLD: i32 = 4_096;
/** So many bytes after a line may be looked at before it is seen that it has ended. */
const BEYOND: i32 = 64;
const WORDS: i32 = 4_096;
/** A time has so many: 2026-03-01T10:00:00.000000Z */
const TIME: i32 = 27;

/** Lines, each with its end. */
export const room = memory.data(ROOM + BEYOND, 16);
export const roomFor = ROOM;
/** What is looked for: words, with a quote after each and how long that is before it; 0 ends a list. */
export const words = memory.data(WORDS);
export const wordsFor = WORDS;
/** Of each line that has to be read: its number among those of this time, from 1, its begin and its end. */
export const told = memory.data(TOLD * 12, 4);
/** When the first event that was passed over was received, and the last one had its stage. */
export const earliest = memory.data(TIME + BEYOND);
export const latest = memory.data(TIME + BEYOND);
export const timeFor = TIME;

/** Where lists begin: subresources of which each request matters. */
export let subresources: usize = 0;
/** Pairs of a resource and a verb that matter where no subresource is. */
export let writes: usize = 0;
/** What is asked about somebody's rights, which matters if a node asks: its resource, and how the names of nodes begin. */
export let reviews: usize = 0;
export let nodes: usize = 0;
/** How the keys of guardrails' annotations end. */
export let notes: usize = 0;

/** Lines that were looked at, and those of them that have to be read. */
export let lines: i32 = 0;
export let many: i32 = 0;

const QUOTE: u8 = 0x22;
const COMMA: u8 = 0x2c;
const COLON: u8 = 0x3a;
const BACKSLASH: u8 = 0x5c;
const CLOSED: u8 = 0x7d;
const NEWLINE: u8 = 0x0a;
const RETURN: u8 = 0x0d;
/** Up to this one, bytes are in no text of JSON. */
const CONTROL: u8 = 0x1f;
/** What is looked for first is a letter that is rare, of `objectRef`, `Event` and `requestReceivedTimestamp`. */
const J: u8 = 0x6a;
const E: u8 = 0x45;
const R: u8 = 0x52;
const U: u8 = 0x75;
const BEFORE_R: i32 = 9;

/** So many bytes are compared at a time. */
const BLOCK: i32 = 16;
/** Where something has how long it is with its masks, and how many letters it has. */
const LONG: i32 = -8;
const LETTERS: i32 = -4;
/** What is compared with, in blocks: letters, and after them which bytes of the block count. */
const blocks = memory.data(2_048, 16);
let blocksUsed: usize = 0;

function something(letters: string): usize {
  const what = blocks + blocksUsed + BLOCK;
  const many = (letters.length + BLOCK - 1) / BLOCK;
  store<u32>(what + LONG, 2 * BLOCK * many);
  store<u32>(what + LETTERS, letters.length);
  for (let i = 0; i < letters.length; i++) {
    const at = what + 2 * BLOCK * (i / BLOCK) + i % BLOCK;
    store<u8>(at, <u8>letters.charCodeAt(i));
    store<u8>(at + BLOCK, 0xff);
  }
  blocksUsed += BLOCK + 2 * BLOCK * many;
  return what;
}

const BEGIN = something('{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"');
const AUDIT_ID = something(',"auditID":"');
const STAGE = something(',"stage":"');
const REQUEST_URI = something(',"requestURI":"');
const VERB = something(',"verb":"');
const USER = something(',"user":{"username":"');
const REFERENCE = something('jectRe');
const RESOURCE = something('jectRef":{"resource":"');
const NAMESPACE = something(',"namespace":"');
const NAME = something(',"name":"');
const UID = something(',"uid":"');
const API_GROUP = something(',"apiGroup":"');
const API_VERSION = something(',"apiVersion":"');
const RESOURCE_VERSION = something(',"resourceVersion":"');
const SUBRESOURCE = something(',"subresource":"');
const RECEIVED = something(',"requestReceivedTimestamp":"');
const STAGED = something(',"stageTimestamp":"');
const ANNOTATIONS = something(',"annotations":{');
const ANOTHER = something('Event","apiVersion":"audit.k8s.io/');

/** Looks at lines from one place to another, until so many have to be read as can be told; answers how far it has come. */
export function look(from: usize, end: usize): usize {
  lines = 0;
  many = 0;
  while (from < end && many < TOLD) {
    let to = passed(from);
    lines++;
    if (to == 0) {
      to = newline(from);
      const one = told + 12 * many++;
      store<u32>(one, lines);
      store<u32>(one + 4, <u32>from);
      store<u32>(one + 8, <u32>to);
    }
    from = to + 1;
  }
  return from;
}

/** Where a line ends that is a whole event and does not matter; 0: it may be anything else. */
function passed(at: usize): usize {
  at = word(after(at, BEGIN));
  at = word(after(at, AUDIT_ID));
  at = word(after(at, STAGE));
  at = text(after(at, REQUEST_URI));
  const verb = after(at, VERB);
  const user = after(word(verb), USER);
  at = word(user);
  if (at == 0) return 0;
  while (true) {
    at = seek(at, J, R, E, BACKSLASH);
    const found = load<u8>(at);
    if (found == J) {
      if (is(at, REFERENCE)) {
        at = harmless(after(at, RESOURCE), verb, user);
        break;
      }
    } else if (found == R) {
      // It is about no object.
      const end = ended(at - BEFORE_R);
      if (end != 0) return end;
    } else if (found == BACKSLASH) {
      // The name of a field may be written by escapes too.
      if (load<u8>(at + 1) == U) return 0;
    } else if (found != E || another(at)) {
      return 0;
    }
    at++;
  }
  if (at == 0) return 0;
  while (true) {
    at = seek(at, R, E, E, E);
    const found = load<u8>(at);
    if (found == R) {
      const end = ended(at - BEFORE_R);
      if (end != 0) return end;
    } else if (found != E || another(at)) {
      return 0;
    }
    at++;
  }
}

/** The place after an objectRef of which no request matters, from its resource on. */
function harmless(resource: usize, verb: usize, user: usize): usize {
  let at = word(resource);
  at = skipped(at, NAMESPACE);
  at = skipped(at, NAME);
  at = skipped(at, UID);
  at = skipped(at, API_GROUP);
  at = skipped(at, API_VERSION);
  at = skipped(at, RESOURCE_VERSION);
  const subresource = after(at, SUBRESOURCE);
  if (subresource != 0) at = word(subresource);
  return at != 0 && load<u8>(at) == CLOSED && !matters(resource, subresource, verb, user) ? at + 1 : 0;
}

/** `mayMatter` of `src/audit/may-matter.ts`. */
function matters(resource: usize, subresource: usize, verb: usize, user: usize): bool {
  if (same(resource, reviews)) return begins(user, nodes);
  if (subresource != 0 && load<u8>(subresource) != QUOTE) {
    for (let one = subresources; load<u8>(one) != 0; one = next(one)) {
      if (same(subresource, one)) return true;
    }
    return false;
  }
  for (let one = writes; load<u8>(one) != 0; one = next(next(one))) {
    if (same(resource, one) && same(verb, next(one))) return true;
  }
  return false;
}

/** Where a line ends that goes on with the end of an event on which no guardrail has noted anything. */
function ended(at: usize): usize {
  const received = after(at, RECEIVED);
  const staged = after(time(received), STAGED);
  at = time(staged);
  if (at == 0) return 0;
  const annotated = after(at, ANNOTATIONS);
  if (annotated != 0) at = annotations(annotated);
  if (at == 0 || load<u8>(at++) != CLOSED) return 0;
  if (load<u8>(at) == RETURN) at++;
  if (load<u8>(at) != NEWLINE) return 0;
  if (before(received, earliest)) memory.copy(earliest, received, TIME);
  if (before(latest, staged)) memory.copy(latest, staged, TIME);
  return at;
}

/** The place after annotations, unless a guardrail wrote one. */
function annotations(at: usize): usize {
  if (load<u8>(at) == CLOSED) return at + 1;
  while (true) {
    if (load<u8>(at) != QUOTE) return 0;
    const key = at + 1;
    at = word(key);
    if (at == 0) return 0;
    for (let one = notes; load<u8>(one) != 0; one = next(one)) {
      const long = load<u8>(one);
      if (at - key >= long && same(at - long, one)) return 0;
    }
    if (load<u8>(at) != COLON || load<u8>(at + 1) != QUOTE) return 0;
    at = text(at + 2);
    if (at == 0) return 0;
    const found = load<u8>(at++);
    if (found == CLOSED) return at;
    if (found != COMMA) return 0;
  }
}

/** The place after a time and its quote, as the API server writes it. */
function time(at: usize): usize {
  return at != 0 && load<u8>(at + TIME) == QUOTE
    && within(at, i8x16(0x30, 0x30, 0x30, 0x30, 0x2d, 0x30, 0x30, 0x2d, 0x30, 0x30, 0x54, 0x30, 0x30, 0x3a, 0x30, 0x30), i8x16(9, 9, 9, 9, 0, 9, 9, 0, 9, 9, 0, 9, 9, 0, 9, 9))
    && within(at + 11, i8x16(0x30, 0x30, 0x3a, 0x30, 0x30, 0x3a, 0x30, 0x30, 0x2e, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x5a), i8x16(9, 9, 0, 9, 9, 0, 9, 9, 0, 9, 9, 9, 9, 9, 9, 0))
    ? at + TIME + 1 : 0;
}

/** Whether bytes are from those given on, and not more than so much above. */
function within(at: usize, from: v128, most: v128): bool {
  const above = i8x16.sub(v128.load(at), from);
  return i8x16.all_true(i8x16.eq(i8x16.min_u(above, most), above));
}

/** Whether a time is before another. */
function before(one: usize, other: usize): bool {
  for (let i = 0; i < TIME - 8; i += 8) {
    const a = bswap(load<u64>(one + i));
    const b = bswap(load<u64>(other + i));
    if (a != b) return a < b;
  }
  return bswap(load<u64>(one + TIME - 8)) < bswap(load<u64>(other + TIME - 8));
}

/** Whether another event begins in the same line. */
function another(at: usize): bool {
  return is(at, ANOTHER);
}

function newline(at: usize): usize {
  while (load<u8>(at) != NEWLINE) at = seek(at + 1, NEWLINE, NEWLINE, NEWLINE, NEWLINE);
  return at;
}

/** The place after a field that may be there, if it is. */
function skipped(at: usize, field: usize): usize {
  const value = after(at, field);
  return value != 0 ? word(value) : at;
}

/** The place after something; 0: something else is there, or the place is none. */
function after(at: usize, what: usize): usize {
  return at != 0 && is(at, what) ? at + load<u32>(what + LETTERS) : 0;
}

/** Whether something is at a place. */
function is(at: usize, what: usize): bool {
  const end = what + load<u32>(what + LONG);
  for (; what < end; what += 2 * BLOCK, at += BLOCK) {
    if (v128.any_true(v128.and(v128.xor(v128.load(at), v128.load(what)), v128.load(what + BLOCK)))) return false;
  }
  return true;
}

/** The place after the rest of a text and its quote; 0: it has an escape, or does not end. */
function word(at: usize): usize {
  if (at == 0) return 0;
  at = seek(at, QUOTE, QUOTE, QUOTE, BACKSLASH);
  return load<u8>(at) == QUOTE ? at + 1 : 0;
}

/** The same of a text that may have escapes. */
function text(at: usize): usize {
  if (at == 0) return 0;
  while (true) {
    at = seek(at, QUOTE, QUOTE, QUOTE, BACKSLASH);
    const found = load<u8>(at);
    if (found == QUOTE) return at + 1;
    if (found != BACKSLASH || load<u8>(at + 1) <= CONTROL) return 0;
    at += 2;
  }
}

/** Where the first byte is from a place on that is one of four or in no text. */
function seek(at: usize, a: u8, b: u8, c: u8, d: u8): usize {
  while (true) {
    const some = v128.load(at);
    const sought = v128.or(v128.or(i8x16.eq(some, i8x16.splat(a)), i8x16.eq(some, i8x16.splat(b))), v128.or(i8x16.eq(some, i8x16.splat(c)), i8x16.eq(some, i8x16.splat(d))));
    const found = i8x16.bitmask(v128.or(sought, i8x16.eq(i8x16.min_u(some, i8x16.splat(CONTROL)), some)));
    if (found != 0) return at + ctz(found);
    at += 16;
  }
}

/** Whether a text is a word of a list; most are told by their first two bytes. */
function same(at: usize, one: usize): bool {
  return load<u16>(at) == load<u16>(one + 1) && memory.compare(at, one + 1, load<u8>(one)) == 0;
}

/** Whether a text begins with a word of a list. */
function begins(at: usize, one: usize): bool {
  return memory.compare(at, one + 1, load<u8>(one) - 1) == 0;
}

/** The word after another in a list. */
function next(one: usize): usize {
  return one + 1 + load<u8>(one);
}
