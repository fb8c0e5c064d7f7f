/** What may reach a terminal from a recording: text, colours and moves of the cursor. */
const ALLOWED = /^\u001b\[[0-9;:]*[A-HJKLMPSTXmdf]$|^\u001b\[\?(?:25|7|1049|2004)[hl]$/;

/**
 * Passes the output of a session to a terminal without what makes a terminal act beyond its screen: titles, clipboards, links,
 * and questions that it would answer as if somebody had typed. A sequence that is divided between two pieces is put together.
 */
export class TerminalFilter {
  private held = '';

  public pass(piece: string): string {
    const text = this.held + piece;
    this.held = '';
    let result = '';
    for (let at = 0; at < text.length;) {
      const char = text[at];
      if (char !== '\u001b' && char !== '\u009b' && char !== '\u009d' && char !== '\u0090') {
        if (/[\n\r\t\b]/.test(char) || !/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u.test(char)) result += char;
        at++;
        continue;
      }
      const sequence = whole(text.slice(at));
      if (sequence === undefined) {
        this.held = text.slice(at, at + 4096);
        break;
      }
      if (ALLOWED.test(sequence)) result += sequence;
      at += sequence.length;
    }
    return result;
  }
}

/** The sequence that the text begins with; undefined when its end is missing. */
function whole(text: string): string | undefined {
  const string = /^(?:\u001b[\]PX^_]|[\u009d\u0090])/.exec(text);
  if (string) return /^[^]*?(?:\u0007|\u001b\\|\u009c)/.exec(text)?.[0];
  const control = /^(?:\u001b\[|\u009b)[0-?]*[ -/]*/.exec(text);
  if (control) return control[0].length < text.length ? text.slice(0, control[0].length + 1) : undefined;
  return text.length < 2 ? undefined : /^\u001b[ -/]*[^]?/.exec(text)![0];
}
