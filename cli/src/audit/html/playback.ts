import type { Page, Shown } from './shown';

/**
 * Shows recordings in the reader's browser. As of the client, its text is put into the page: it uses nothing but what it is given, and
 * what of a recording is no part of the player's screen is set as text.
 */
export function playback(window: any, { recordings }: Page, el: (name: string, attributes?: { [name: string]: any }, ...inside: any[]) => any) {
  const { all, others } = recordings!;
  const of = new Map(recordings!.of);
  const missing = new Set(recordings!.missing);
  /** What is to be played once it has a place in the page, and what plays. */
  let waiting: (() => any)[] = [];
  let players: any[] = [];

  function stop(): void {
    for (const one of players) one.dispose();
    players = waiting = [];
  }

  function start(): void {
    players = waiting.map(one => one()).filter(Boolean);
    waiting = [];
  }

  /** Without what moves a cursor or colours: what was shown, one line after the other. */
  const asText = (index: number) => all[index].events!.filter(([, code]) => code === 'o').map(([, , data]) => data).join('')
    .replace(/\u001b\[[0-?]*[ -/]*[@-~]/g, '').replace(/\u0008/g, '').split('\n').map(line => line.replace(/\r$/, '')).map(line => line.slice(line.lastIndexOf('\r') + 1)).join('\n');

  function seen(index: number): any {
    const { events, columns, rows, who, when, file } = all[index];
    if (!events) return el('p', { class: 'note' }, `It is too large for this page. Play it with: secure-debug ssh replay ${file}`);
    const stage = el('div', {});
    waiting.push(() => {
      try {
        const lines = [{ version: 2, width: columns, height: rows }, ...events].map(line => JSON.stringify(line)).join('\n');
        const last = events.length > 0 ? events[events.length - 1][0] : 0;
        return window.AsciinemaPlayer.create({ data: lines }, stage, { fit: 'width', preload: true, idleTimeLimit: 2, poster: `npt:${last + 1}`, terminalFontSize: 'small' });
      } catch {
        stage.append(el('p', { class: 'note' }, 'This browser cannot play it; it is below as text.'));
        return undefined;
      }
    });
    const words = el('pre', { 'tabindex': 0, 'role': 'region', 'aria-label': `What was shown, as text: ${who}, ${when}` });
    const details = el('details', {}, el('summary', {}, 'As text'), words);
    details.addEventListener('toggle', () => { if (details.open && !words.textContent) words.textContent = asText(index) || 'Nothing was shown.'; });
    return el('div', { 'class': 'recording', 'role': 'group', 'aria-label': `Recording: ${who}, ${when}` }, stage, details);
  }

  const about = (index: number) => {
    const { file, from, certificate, ended } = all[index];
    return el('p', { class: 'soft text' }, [file, certificate && `certificate ${certificate}`, from && `from ${from}`, ended].filter(Boolean).join(', '));
  };

  return {
    stop,
    start,
    /** Beside a session in the list. */
    mark: (one: Shown) => of.has(one.id) ? el('span', { class: 'sub' }, 'recorded') : missing.has(one.id) ? el('span', { class: 'sub' }, el('span', { class: 'would' }, 'no recording')) : '',
    ofSession(one: Shown): any[] {
      stop();
      if (missing.has(one.id)) return [el('p', { class: 'note' }, 'It came through the SSH gateway, and its recording is not among those that were given.')];
      return (of.get(one.id) ?? []).flatMap(index => [el('h3', {}, 'Recording'), about(index), seen(index)]);
    },
    title: (index: number): string => `${all[index].who}, ${all[index].when} UTC`,
    alone(index: number): any[] {
      stop();
      return [el('pre', { 'tabindex': 0, 'role': 'region', 'aria-label': 'What was asked for' }, all[index].what), about(index), seen(index)];
    },
    list: (open: (index: number) => void): any[] => others.map(index => el('li', {},
      el('button', { 'type': 'button', 'class': 'open', 'aria-haspopup': 'dialog', 'onclick': () => open(index) }, all[index].when), ' ',
      el('span', { class: 'text' }, `${all[index].who}: `), el('span', { class: 'mono text' }, all[index].what), el('span', { class: 'sub text' }, `${all[index].ended}, ${all[index].file}`))),
  };
}
