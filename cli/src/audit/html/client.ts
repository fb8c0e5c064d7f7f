import type { playback as Playback } from './playback';
import type { Page, Shown } from './shown';

/**
 * What runs in the reader's browser. Its text is put into the page, so it uses nothing but what it is given, and the browser.
 * Whatever comes of a log is set as text, never as markup.
 */
export function client(window: any, page: Page, playback?: typeof Playback): void {
  const { document } = window;
  const { sessions, titles } = page;
  const PATHS = Object.keys(titles);
  const LANES = 10;
  const ROWS = 100;
  const PRINTED = 2_000;
  const SVG = 'http://www.w3.org/2000/svg';
  const times = sessions.map(({ start, end }) => ({ from: Date.parse(start), to: Math.max(Date.parse(end ?? start), Date.parse(start)) }));
  const timeOf = new Map(sessions.map((one, i) => [one, times[i]]));
  const first = Math.min(page.from ? Date.parse(page.from) : Infinity, ...chunks(times.map(({ from }) => from), Math.min));
  const last = Math.max(page.to ? Date.parse(page.to) : -Infinity, ...chunks(times.map(({ to }) => to), Math.max));
  const texts = new Map(sessions.map(one => [one, Object.values(one).flat().join('\n').toLowerCase()]));

  const empty = { who: '', path: [] as string[], ns: '', on: '', end: '', text: '', from: '', to: '', sort: 'start', down: true };
  let state = { ...empty };
  let wanted = sessions;
  let lanes = LANES;
  let people = LANES;
  let rows = ROWS;
  let opened = -1;

  const $ = (id: string) => document.getElementById(id);

  /** Math.min and the like take no list of ten thousand arguments everywhere. */
  function chunks(values: number[], of: (...values: number[]) => number): number[] {
    const found: number[] = [];
    for (let i = 0; i < values.length; i += 5_000) found.push(of(...values.slice(i, i + 5_000)));
    return found;
  }

  function el(name: string, attributes: { [name: string]: any } = {}, ...inside: any[]): any {
    const made = /^(svg|rect|line|text|title|g)$/.test(name) ? document.createElementNS(SVG, name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith('on')) made.addEventListener(key.slice(2), value);
      else if (value !== undefined && value !== false) made.setAttribute(key, value === true ? '' : String(value));
    }
    for (const part of inside) if (part !== undefined && part !== '') made.append(part);
    return made;
  }

  function fill(id: string, ...inside: any[]): void {
    $(id).replaceChildren(...inside);
  }

  /** What tells one ServiceAccount from another is the end of its name. */
  const short = (user: string) => user.replace(/^system:serviceaccount:/, 'sa:') || '(no name)';

  const recorded = playback?.(window, page, el);

  const moreButton = (label: string, onclick: () => void) => el('p', { class: 'more screen' }, el('button', { class: 'plain', type: 'button', onclick }, label));

  // ── filters

  const utc = (text: string) => Date.parse(`${text}Z`);

  function fits(one: Shown, { who, path, ns, on, end, text, from, to }: typeof state): boolean {
    const { from: starts, to: ends } = timeOf.get(one)!;
    return (who === '' || one.user === who)
      && (path.length === 0 || path.includes(one.path))
      && (ns === '' || (one.namespace ?? '-') === ns)
      && (on === '' || (one.cluster ?? '-') === on)
      && (end === '' || (end === 'would-deny' ? one.wouldDeny.length > 0 : one.outcome === end))
      && (from === '' || !(ends < utc(from)))
      && (to === '' || !(starts > utc(to)))
      && (text === '' || text.toLowerCase().split(/\s+/).every(word => texts.get(one)!.includes(word)));
  }

  function change(more: Partial<typeof state>): void {
    state = { ...state, ...more };
    rows = ROWS;
    draw();
  }

  const isFiltered = () => Object.keys(empty).some(key => !['sort', 'down'].includes(key) && String((state as any)[key]) !== String((empty as any)[key]));

  function filterText(): string {
    const { who, path, ns, on, end, text, from, to } = state;
    return [who, path.map(one => titles[one]).join(' or '), ns && `namespace ${ns}`, on && `cluster ${on}`, end, text && `“${text}”`, from && `from ${from}`, to && `to ${to}`].filter(Boolean).join(', ');
  }

  /** The address holds what is shown, so a view can be sent to somebody who has the same file. */
  function toAddress(): void {
    const query = new window.URLSearchParams();
    for (const [key, value] of Object.entries(state)) {
      if (String(value) !== String((empty as any)[key])) query.set(key, String(value));
    }
    if (opened >= 0) query.set('id', sessions[opened].id);
    const text = query.toString();
    try {
      window.history.replaceState(null, '', text ? `#${text}` : window.location.pathname + window.location.search);
    } catch {
      // Some viewers of files let no page write its address.
    }
  }

  function fromAddress(): void {
    const query = new window.URLSearchParams(window.location.hash.slice(1));
    const get = (key: string) => query.get(key) ?? '';
    state = {
      ...empty,
      who: get('who'),
      path: get('path').split(',').filter((one: string) => PATHS.includes(one)),
      ns: get('ns'),
      on: $('on') ? get('on') : '',
      end: get('end'),
      text: get('text'),
      from: get('from'),
      to: get('to'),
      sort: ['start', 'user', 'seconds'].includes(get('sort')) ? get('sort') : 'start',
      down: get('down') !== 'false',
    };
    opened = query.has('id') ? sessions.findIndex(({ id }) => id === get('id')) : -1;
  }

  function options(id: string, values: string[], all: string): void {
    fill(id, el('option', { value: '' }, all), ...values.map(value => el('option', { value }, value || '(none)')));
  }

  function setUp(): void {
    const sorted = (values: string[]) => [...new Set(values)].sort();
    options('who', sorted(sessions.map(({ user }) => user)).filter(Boolean), 'Everybody');
    options('ns', sorted(sessions.map(({ namespace }) => namespace ?? '-')), 'All');
    if ($('on')) options('on', sorted(sessions.map(({ cluster }) => cluster ?? '-')), 'All');
    for (const id of ['who', 'ns', 'on', 'end', 'from', 'to']) $(id)?.addEventListener('change', () => change({ [id]: $(id).value }));
    let typing: any;
    $('text').addEventListener('input', () => {
      window.clearTimeout(typing);
      typing = window.setTimeout(() => change({ text: $('text').value.trim() }), 120);
    });
    $('filters').addEventListener('submit', (event: any) => event.preventDefault());
    for (const box of document.querySelectorAll('input[name=path]')) {
      box.addEventListener('change', () => change({ path: PATHS.filter(path => $(`path-${path}`)?.checked) }));
    }
    $('clear').addEventListener('click', () => { change({ ...empty, sort: state.sort, down: state.down }); $('text').focus(); });
    for (const button of document.querySelectorAll('[data-sort]')) {
      const sort = button.getAttribute('data-sort');
      button.addEventListener('click', () => change({ sort, down: state.sort === sort ? !state.down : sort !== 'user' }));
    }
    for (const tile of document.querySelectorAll('button[data-path]')) {
      const path = tile.getAttribute('data-path');
      tile.addEventListener('click', () => change({ path: String(state.path) === path ? [] : [path] }));
    }
    $('refused-tile').addEventListener('click', () => change({ end: state.end === 'refused' ? '' : 'refused' }));
    $('previous').addEventListener('click', () => step(-1));
    $('next').addEventListener('click', () => step(1));
    $('close').addEventListener('click', () => $('detail').close());
    $('detail').addEventListener('close', () => { opened = -1; recorded?.stop(); toAddress(); });
    $('detail').addEventListener('click', (event: any) => { if (event.target === $('detail')) $('detail').close(); });
    $('detail').addEventListener('keydown', (event: any) => {
      // Within a recording they go back and forth in it.
      if (event.target.closest('.recording')) return;
      if (event.key === 'ArrowLeft') step(-1);
      if (event.key === 'ArrowRight') step(1);
    });
    let width = window.innerWidth;
    // On a phone what was found comes first.
    if (width <= 720 && !isFiltered()) $('filter-box').open = false;
    window.addEventListener('resize', () => {
      if (window.innerWidth === width) return;
      width = window.innerWidth;
      if (width > 720) $('filter-box').open = true;
      drawTimeline();
    });
    window.addEventListener('hashchange', () => { fromAddress(); draw(); if (opened >= 0) open(opened); });
    window.addEventListener('beforeprint', () => { rows = PRINTED; lanes = people = Infinity; drawRows(); drawTimeline(true); drawMatrix(); });
    window.addEventListener('afterprint', () => { rows = ROWS; lanes = people = LANES; draw(); });
  }

  // ── drawing

  function draw(): void {
    wanted = sessions.filter(one => fits(one, state));
    const way = state.down ? -1 : 1;
    const value = (one: Shown) => state.sort === 'start' ? timeOf.get(one)!.from : state.sort === 'seconds' ? one.seconds : one.user;
    wanted.sort((a, b) => value(a) < value(b) ? -way : value(a) > value(b) ? way : 0);
    for (const id of ['who', 'ns', 'on', 'end', 'from', 'to', 'text']) if ($(id) && $(id).value !== (state as any)[id]) $(id).value = (state as any)[id];
    for (const path of PATHS) if ($(`path-${path}`)) $(`path-${path}`).checked = state.path.includes(path);
    for (const tile of document.querySelectorAll('button[data-path]')) tile.setAttribute('aria-pressed', String(String(state.path) === tile.getAttribute('data-path')));
    $('refused-tile').setAttribute('aria-pressed', String(state.end === 'refused'));
    $('clear').hidden = !isFiltered();
    fill('found', `${wanted.length.toLocaleString('en-US')} of ${sessions.length.toLocaleString('en-US')} sessions`);
    fill('paper-filters', isFiltered() ? `Only: ${filterText()}` : '');
    drawTimeline();
    drawMatrix();
    drawRows();
    toAddress();
  }

  interface Person { readonly user: string; readonly of: Shown[]; readonly outside: number }

  function byPerson(of: Shown[]): Person[] {
    const found = new Map<string, Shown[]>();
    for (const one of of) {
      const theirs = found.get(one.user);
      if (theirs) theirs.push(one);
      else found.set(one.user, [one]);
    }
    return [...found].map(([user, theirs]) => ({ user, of: theirs, outside: theirs.filter(({ path }) => path === 'outside').length }))
      .sort((a, b) => b.outside - a.outside || b.of.length - a.of.length || (a.user < b.user ? -1 : 1));
  }

  const MINUTE = 60_000;
  const DAY = 1440 * MINUTE;
  const IN_DAY = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720].map(minutes => minutes * MINUTE);
  const STEPS = [...IN_DAY, ...[1, 2, 3, 4, 7, 14, 28, 91, 365].map(days => days * DAY)];
  const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
  const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

  function tickText(time: number, apart: number): string {
    const at = new Date(time);
    const midnight = time % DAY === 0;
    return midnight || apart >= DAY ? `${DAYS[at.getUTCDay()]} ${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]}` : at.toISOString().slice(11, 16);
  }

  /** For a page that is printed the width is that of the paper. */
  function drawTimeline(paper = false): void {
    const all = byPerson(wanted);
    const from = state.from ? utc(state.from) : first;
    const to = Math.max(state.to ? utc(state.to) : last, from + MINUTE);
    if (all.length === 0 || !Number.isFinite(from) || !Number.isFinite(to)) {
      fill('timeline', el('p', { class: 'soft' }, 'No session fits the filters.'));
      return;
    }
    const narrow = !paper && window.innerWidth <= 720;
    const full = $('timeline').clientWidth;
    const width = paper ? 880 : Math.max(120, narrow ? full : full - 176);
    const x = (time: number) => Math.min(Math.max((time - from) / (to - from), 0), 1) * width;
    const apart = STEPS.find(one => (to - from) / one <= width / 92) ?? STEPS[STEPS.length - 1];
    const ticks: number[] = [];
    // A week begins on Monday; 1970 began on a Thursday.
    const offset = apart >= 7 * DAY ? 4 * DAY : 0;
    for (let at = Math.ceil((from - offset) / apart) * apart + offset; at <= to; at += apart) ticks.push(at);

    const svg = (height: number, label: string, ...inside: any[]) => el('svg', { 'viewBox': `0 0 ${width} ${height}`, height, 'role': 'img', 'aria-label': label }, ...inside);
    const grid = (height: number) => ticks.map(at => el('line', { class: 'tick', x1: x(at), x2: x(at), y1: 0, y2: height }));
    const axis = el('div', { class: 'lane axis' }, narrow ? '' : el('span'), svg(18, 'Time in UTC', ...ticks.map(at => {
      const place = x(at);
      return el('text', { 'x': place, 'y': 12, 'text-anchor': place < 24 ? 'start' : place > width - 24 ? 'end' : 'middle' }, tickText(at, apart));
    })));
    const drawn = all.slice(0, lanes).map(person => lane(person, x, width, svg, grid));
    fill('timeline', axis, ...drawn, all.length > drawn.length ? moreButton(`Show all ${all.length} people`, () => { lanes = Infinity; drawTimeline(); }) : '');
    if (!paper) for (const one of $('timeline').querySelectorAll('.lane:not(.axis) svg')) selectable(one, width, from, to);
  }

  function lane({ user, of, outside }: Person, x: (time: number) => number, width: number, svg: any, grid: any): any {
    const HEIGHT = 26;
    const bars = new Map<string, { one: Shown; from: number; to: number; count: number }>();
    for (const one of of) {
      const { from, to } = timeOf.get(one)!;
      const left = Math.min(x(from), width - 3);
      const right = Math.max(x(to), left + 3);
      // What would be drawn over itself is drawn once.
      const key = `${one.path} ${one.outcome === 'refused'} ${Math.round(left / 3)} ${Math.round(right / 12)}`;
      const known = bars.get(key);
      if (known) known.count++;
      else bars.set(key, { one, from: left, to: right, count: 1 });
    }
    const order = [...PATHS].reverse();
    const drawn = [...bars.values()].sort((a, b) => order.indexOf(a.one.path) - order.indexOf(b.one.path)).map(({ one, from, to, count }) => {
      const height = { 'outside': 20, 'break-glass': 16, 'gitops-emergency': 16 }[one.path] ?? 11;
      const refused = one.outcome === 'refused';
      return el('rect', {
        class: `bar ${one.path}${refused ? ' refused' : ''}`,
        x: from.toFixed(1),
        width: (to - from).toFixed(1),
        y: (HEIGHT - height) / 2,
        height,
        rx: 1.5,
        onclick: () => open(sessions.indexOf(one)),
      }, el('title', {}, `${one.when} ${one.who}: ${one.what} on ${one.where}, ${titles[one.path]}${count > 1 ? `, and ${count - 1} more here` : ''}`));
    });
    const label = `${user}: ${of.length} sessions${outside ? `, ${outside} outside every path` : ''}`;
    return el('div', { class: 'lane' },
      el('button', { 'type': 'button', 'class': `text${outside ? ' outside strong' : ''}`, 'title': user, 'aria-label': `Only ${short(user)}`, 'onclick': () => change({ who: state.who === user ? '' : user }) }, short(user)),
      svg(HEIGHT, label, ...grid(HEIGHT), ...drawn));
  }

  /** A mouse draws over a lane what time is wanted; fingers scroll. */
  function selectable(svg: any, width: number, from: number, to: number): void {
    svg.addEventListener('pointerdown', (down: any) => {
      if (down.pointerType !== 'mouse' || down.button !== 0) return;
      const box = svg.getBoundingClientRect();
      const place = (event: any) => Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1) * width;
      const start = place(down);
      const range = el('rect', { class: 'range', x: start, width: 0, y: 0, height: 26 });
      let end = start;
      const move = (event: any) => {
        end = place(event);
        if (Math.abs(end - start) < 6) return;
        if (!range.parentNode) svg.append(range);
        range.setAttribute('x', Math.min(start, end));
        range.setAttribute('width', Math.abs(end - start));
      };
      const up = () => {
        window.removeEventListener('pointermove', move);
        window.removeEventListener('pointerup', up);
        range.remove();
        if (Math.abs(end - start) < 6) return;
        const time = (at: number) => new Date(from + at / width * (to - from)).toISOString().slice(0, 16);
        change({ from: time(Math.min(start, end)), to: time(Math.max(start, end)) });
      };
      window.addEventListener('pointermove', move);
      window.addEventListener('pointerup', up);
    });
  }

  function drawMatrix(): void {
    // What is chosen in the matrix stays beside what is not.
    const all = byPerson(sessions.filter(one => fits(one, { ...state, who: '', path: [] })));
    const paths = PATHS.filter(path => all.some(({ of }) => of.some(one => one.path === path)));
    if (all.length === 0) {
      fill('matrix', el('p', { class: 'soft' }, 'No session fits the filters.'));
      return;
    }
    const many = (of: Shown[], path: string) => of.reduce((sum, one) => sum + (one.path === path ? 1 : 0), 0);
    const show = (count: number) => count.toLocaleString('en-US');
    const body = all.slice(0, people).map(({ user, of }) => el('tr', {},
      el('th', { scope: 'row', class: 'text', title: user }, short(user)),
      ...paths.map(path => {
        const count = many(of, path);
        if (count === 0) return el('td', {}, el('span', { class: 'nothing' }, '–'));
        const chosen = state.who === user && String(state.path) === path;
        return el('td', {}, el('button', {
          'type': 'button',
          'class': `cell ${path}`,
          'aria-pressed': chosen,
          'aria-label': `${user}, ${titles[path]}: ${count}`,
          'onclick': () => {
            change(chosen ? { who: '', path: [] } : { who: user, path: [path] });
            const again = [...document.querySelectorAll('#matrix .cell')].find((one: any) => one.getAttribute('aria-label') === `${user}, ${titles[path]}: ${count}`);
            (again as any)?.focus();
          },
        }, show(count)));
      }),
      el('td', { class: 'nothing' }, show(of.length))));
    // aria-pressed="false" has to be written out.
    for (const row of body) for (const cell of row.querySelectorAll('.cell')) cell.setAttribute('aria-pressed', String(cell.hasAttribute('aria-pressed')));
    const total = el('tr', { class: 'sum' }, el('th', { scope: 'row' }, `${all.length} ${all.length === 1 ? 'person' : 'people'}`),
      ...paths.map(path => el('td', {}, show(all.reduce((sum, { of }) => sum + many(of, path), 0)))), el('td', {}, show(all.reduce((sum, { of }) => sum + of.length, 0))));
    fill('matrix',
      el('div', { 'class': 'scroll fade', 'tabindex': 0, 'role': 'region', 'aria-label': 'Who used which path, as a table' }, el('table', { class: 'matrix' },
        el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, 'Who'), ...paths.map(path => el('th', { scope: 'col' }, titles[path])), el('th', { scope: 'col' }, 'All'))),
        el('tbody', {}, ...body),
        el('tfoot', {}, total))),
      all.length > body.length ? moreButton(`Show all ${all.length} people`, () => { people = Infinity; drawMatrix(); }) : '');
  }

  function drawRows(): void {
    for (const button of document.querySelectorAll('[data-sort]')) {
      const own = button.getAttribute('data-sort') === state.sort;
      button.closest('th').setAttribute('aria-sort', own ? (state.down ? 'descending' : 'ascending') : 'none');
    }
    fill('rows', ...wanted.slice(0, rows).map(one => {
      const index = sessions.indexOf(one);
      return el('tr', { onclick: (event: any) => { if (!event.target.closest('button') && !String(window.getSelection())) open(index); } },
        el('td', { class: 'when' }, el('button', { 'type': 'button', 'class': 'open', 'aria-haspopup': 'dialog', 'onclick': () => open(index) }, one.when)),
        el('td', { class: 'text who' }, one.who),
        el('td', { class: 'way' }, el('span', { class: `chip ${one.path}` }, titles[one.path]), one.outside ? el('span', { class: 'sub text' }, one.outside) : ''),
        el('td', {}, el('span', { class: 'mono text' }, one.what), one.wouldDeny.length > 0 ? el('span', { class: 'sub' }, el('span', { class: 'would' }, 'would be refused')) : '', recorded?.mark(one)),
        el('td', {}, el('span', { class: 'text' }, one.where), one.cluster ? el('span', { class: 'sub text' }, one.cluster) : ''),
        el('td', { class: one.ticket || one.reason ? '' : 'blank' }, el('span', { class: 'text' }, one.ticket ?? ''), one.reason ? el('span', { class: 'sub text' }, one.reason) : ''),
        el('td', { class: 'long' }, one.outcome === 'completed' ? one.length : el('span', {}, one.ended), one.outcome === 'open' ? el('span', { class: 'sub' }, 'at the end of the log') : ''));
    }));
    const left = wanted.length - rows;
    fill('more-rows',
      wanted.length === 0 ? el('p', { class: 'soft' }, 'No session fits the filters.') : '',
      left > 0 ? moreButton(`Show ${Math.min(left, ROWS)} more of ${left.toLocaleString('en-US')}`, () => { rows += ROWS; drawRows(); }) : '',
      left > 0 && rows === PRINTED ? el('p', { class: 'paper' }, `${left} more are not printed. Filter, or use --csv.`) : '');
  }

  // ── one session

  function step(by: number): void {
    const next = wanted[wanted.indexOf(sessions[opened]) + by];
    if (next) open(sessions.indexOf(next));
  }

  function open(index: number): void {
    const one = sessions[index];
    if (!one) return;
    opened = index;
    const place = wanted.indexOf(one);
    $('previous').disabled = place <= 0;
    $('next').disabled = place < 0 || place >= wanted.length - 1;
    const line = (label: string, value?: string, mono = false) => value ? [el('dt', {}, label), el('dd', { class: mono ? 'mono' : undefined }, value)] : [];
    fill('detail-title', `${one.who}, ${one.when} UTC`);
    fill('detail-body',
      el('p', {}, el('span', { class: `chip ${one.path}` }, titles[one.path])),
      one.path === 'outside' ? el('p', { class: 'note' }, `Outside every path: ${one.outside ?? 'by a way that nobody declared'}.`) : '',
      one.refusal ? el('p', { class: 'note text' }, `${one.ended}: ${one.refusal}`) : '',
      el('pre', { 'tabindex': 0, 'role': 'region', 'aria-label': 'What was done' }, one.what),
      ...recorded?.ofSession(one) ?? [],
      el('dl', {},
        ...line('Where', one.where), ...line('Cluster', one.cluster),
        ...line('Began', `${one.start}`), ...line('Ended', one.end ? `${one.end}${one.length ? ` (${one.length})` : ''}` : 'not before the end of the log'), ...line('Outcome', one.ended),
        ...line('Reason', one.reason), ...line('Ticket', one.ticket), ...line('Approved by', one.approvers), ...line('Asked', one.asked), ...line('Until', one.until),
        ...line('Request', one.request, true), ...line('Grant', one.grant ?? 'none in the log', true), ...line('Also active', one.others.join('; '), true),
        ...line('Would be refused by', one.wouldDeny.join(', '), true),
        ...line('Groups', one.groups.join(', '), true), ...line('Image', one.image, true), ...line('Ports', one.ports, true),
        ...line('Client', one.client, true), ...line('From', one.sources, true), ...line('Audit ID', one.id, true), ...line('Events', String(one.events))));
    if (!$('detail').open) $('detail').showModal();
    $('detail-body').scrollTop = 0;
    recorded?.start();
    toAddress();
  }

  /** A recording that belongs to no session here. */
  function openRecording(index: number): void {
    opened = -1;
    $('previous').disabled = $('next').disabled = true;
    fill('detail-title', recorded!.title(index));
    fill('detail-body', ...recorded!.alone(index));
    $('detail').showModal();
    recorded!.start();
  }

  $('page').hidden = false;
  fromAddress();
  setUp();
  if ($('recordings')) fill('recordings', ...recorded!.list(openRecording));
  draw();
  if (opened >= 0) open(opened);
  document.documentElement.setAttribute('data-ready', '');
}
