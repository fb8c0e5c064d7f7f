/** The page's look: light and dark, from a phone's width to paper. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --ink: #17202e; --soft: #536072; --line: #dde2e9; --tint: #eef1f5; --link: #1d4ed8; --mark: #fff3c4;
  --outside: #c2261d; --break-glass: #b45309; --gitops-emergency: #a21caf; --just-in-time: #6d28d9; --on-call: #2563eb; --gateway: #0f766e; --read-only: #64748b;
  --alarm: #fdecea; --alarm-ink: #97180f;
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0f141b; --card: #171e28; --ink: #e7ecf3; --soft: #a3b0c2; --line: #2b3645; --tint: #202a37; --link: #8ab4ff; --mark: #4a3d10;
    --outside: #ff7b72; --break-glass: #f0a63c; --gitops-emergency: #e58df0; --just-in-time: #b794ff; --on-call: #6ea8fe; --gateway: #4fc7ba; --read-only: #93a1b5;
    --alarm: #3a1a1a; --alarm-ink: #ffa39c;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-padding-top: 1rem; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
main, header, footer { max-width: 1240px; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 1.75rem; }
footer { padding-top: .5rem; padding-bottom: 2.5rem; color: var(--soft); font-size: .87rem; }
h1 { margin: 0; font-size: 1.6rem; line-height: 1.2; letter-spacing: -.015em; }
h2 { margin: 0; font-size: 1.02rem; letter-spacing: -.005em; }
p { margin: .35rem 0; }
.soft { color: var(--soft); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1rem 1.15rem; margin: 0 0 1rem; }
.head { display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: baseline; justify-content: space-between; margin-bottom: .7rem; }
.mono { font-family: var(--mono); font-size: .86em; }
.text { unicode-bidi: isolate; overflow-wrap: anywhere; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 4px; }

.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .75rem; margin: 1.1rem 0 1rem; padding: 0; list-style: none; }
.tile { display: block; width: 100%; height: 100%; text-align: left; font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: .7rem .95rem; }
button.tile { cursor: pointer; }
button.tile:hover { border-color: var(--soft); }
.tile b { display: block; font-size: 1.7rem; line-height: 1.15; font-weight: 650; font-variant-numeric: tabular-nums; letter-spacing: -.02em; }
.tile span { color: var(--soft); font-size: .87rem; }
.tile.alarm { background: var(--alarm); border-color: transparent; }
.tile.alarm b, .tile.alarm span { color: var(--alarm-ink); }
.tile[aria-pressed="true"], .cell[aria-pressed="true"] { outline: 2px solid var(--link); outline-offset: -2px; }

form.filters { display: grid; grid-template-columns: minmax(12rem, 2fr) repeat(3, minmax(7rem, 1fr)) repeat(2, 12.6rem); gap: .7rem; }
summary { display: none; font-weight: 600; cursor: pointer; }
.field { display: block; min-width: 0; }
.field > span { display: block; color: var(--soft); font-size: .8rem; margin-bottom: .15rem; }
input, select { width: 100%; min-width: 0; height: 2.3rem; font: inherit; font-size: .93rem; color: inherit; background: var(--card); border: 1px solid #8492a6; border-radius: 8px; padding: 0 .6rem; }
.paths { grid-column: 1 / -1; display: flex; flex-wrap: wrap; gap: .45rem; align-items: center; border: 0; padding: 0; margin: 0; }
.paths legend { float: left; color: var(--soft); font-size: .8rem; margin-right: .3rem; padding: 0; line-height: 1.9rem; }
.chip { display: inline-flex; align-items: center; gap: .42rem; white-space: nowrap; }
.chip::before { content: ""; flex: none; width: .62rem; height: .62rem; border-radius: 3px; background: var(--colour, var(--soft)); }
.chip.outside::before { border-radius: 0; transform: rotate(45deg); }
.chip.break-glass::before, .chip.gitops-emergency::before { border-radius: 50%; }
label.chip { padding: 0 .7rem; height: 1.9rem; border: 1px solid var(--line); border-radius: 999px; font-size: .87rem; cursor: pointer; }
label.chip:hover { border-color: var(--soft); }
label.chip:has(:checked) { background: var(--tint); border-color: var(--ink); }
label.chip:has(:focus-visible) { outline: 2px solid var(--link); outline-offset: 2px; }
label.chip input { position: absolute; opacity: 0; width: 1px; height: 1px; }
.plain { font: inherit; font-size: .9rem; color: var(--link); background: none; border: 0; padding: .15rem 0; cursor: pointer; text-decoration: underline; text-underline-offset: 3px; }
.found { display: flex; flex-wrap: wrap; gap: .2rem 1rem; align-items: baseline; margin: .7rem 0 -.2rem; font-size: .9rem; }
.found .plain { padding: 0; }

.outside { --colour: var(--outside); } .break-glass { --colour: var(--break-glass); } .gitops-emergency { --colour: var(--gitops-emergency); }
.just-in-time { --colour: var(--just-in-time); } .on-call { --colour: var(--on-call); } .gateway { --colour: var(--gateway); } .read-only { --colour: var(--read-only); }
.outside.chip, .outside.strong { color: var(--alarm-ink); font-weight: 600; }

.lane { display: grid; grid-template-columns: 176px 1fr; align-items: center; border-top: 1px solid var(--line); }
.lane.axis { border-top: 0; }
.lane button { justify-self: start; max-width: 100%; font: inherit; font-size: .9rem; color: inherit; background: none; border: 0; padding: .1rem 0; text-align: left; cursor: pointer; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.lane button:hover { text-decoration: underline; text-underline-offset: 3px; }
.lane svg { display: block; width: 100%; overflow: visible; }
.bar { fill: var(--colour, var(--soft)); cursor: pointer; }
.bar.refused { fill: var(--card); stroke: var(--colour, var(--soft)); stroke-width: 1.5; }
.tick { stroke: var(--line); } .lane text { fill: var(--soft); font-size: 11px; font-variant-numeric: tabular-nums; }
.range { fill: var(--link); opacity: .18; }
.legend { display: flex; flex-wrap: wrap; gap: .3rem 1.1rem; font-size: .84rem; color: var(--soft); margin-top: .6rem; }
.legend .chip { color: inherit; font-weight: inherit; }
.chip.hollow::before { background: none; border: 1.5px solid var(--soft); }

.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th { text-align: left; font-weight: 600; color: var(--soft); font-size: .82rem; white-space: nowrap; }
th, td { padding: .42rem .7rem .42rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
tbody tr:last-child > * { border-bottom: 0; }
.matrix { width: auto; min-width: 60%; }
.matrix td, .matrix th { padding: .2rem .35rem; vertical-align: middle; }
.matrix th:first-child { padding-left: 0; padding-right: 1rem; }
.matrix tbody th { font-weight: 400; color: var(--ink); font-size: .9rem; max-width: 16rem; overflow: hidden; text-overflow: ellipsis; }
.matrix td, .matrix thead th + th { text-align: right; }
.cell { min-width: 3.2rem; height: 2rem; font: inherit; font-variant-numeric: tabular-nums; color: var(--ink); border: 0; border-radius: 6px; padding: 0 .5rem; text-align: right; cursor: pointer; background: var(--tint); box-shadow: inset 3px 0 0 var(--colour, var(--soft)); }
.cell:hover { filter: brightness(.95); }
.cell.outside { background: var(--alarm); color: var(--alarm-ink); font-weight: 650; }
.nothing { color: var(--soft); }
.sum > * { border-top: 1px solid var(--line); color: var(--soft); font-variant-numeric: tabular-nums; }
.matrix .sum td { padding-right: .85rem; }
.matrix .sum td:last-child { padding-right: .35rem; }

.sessions table { table-layout: fixed; }
.sessions th:nth-child(1) { width: 10.6rem; } .sessions th:nth-child(2) { width: 11%; } .sessions th:nth-child(3) { width: 12rem; } .sessions th:nth-child(6) { width: 17%; } .sessions th:nth-child(7) { width: 8.4rem; }
.sessions td.when { white-space: nowrap; font-variant-numeric: tabular-nums; }
.sessions td.long { overflow-wrap: anywhere; }
.sessions tbody tr:hover { background: var(--tint); }
.sessions #rows tr { cursor: pointer; }
.sessions th button { font: inherit; color: inherit; background: none; border: 0; padding: 0; cursor: pointer; }
.sessions th button::after { content: " \\2195"; opacity: .55; }
.sessions th[aria-sort="ascending"] button::after { content: " \\2191"; opacity: 1; } .sessions th[aria-sort="descending"] button::after { content: " \\2193"; opacity: 1; }
.open { font: inherit; font-variant-numeric: tabular-nums; color: var(--link); background: none; border: 0; padding: 0; cursor: pointer; text-align: left; text-decoration: underline; text-decoration-color: transparent; text-underline-offset: 3px; }
.open:hover, tr:hover .open { text-decoration-color: currentColor; }
.sub { display: block; color: var(--soft); font-size: .84rem; }
.would { display: inline-block; background: var(--mark); border-radius: 4px; padding: 0 .35rem; font-size: .8rem; color: var(--ink); }
.more { margin-top: .8rem; }

dialog { width: min(46rem, calc(100vw - 2rem)); max-height: calc(100vh - 2rem); padding: 0; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: 14px; box-shadow: 0 24px 70px rgba(0, 0, 0, .35); }
dialog::backdrop { background: rgba(10, 16, 26, .55); }
.bar-top { position: sticky; top: 0; display: flex; gap: .5rem; align-items: center; background: var(--card); border-bottom: 1px solid var(--line); padding: .8rem 1.15rem; }
.bar-top h2 { flex: 1; min-width: 0; }
.bar-top button { font: inherit; min-width: 2.2rem; height: 2.2rem; color: inherit; background: var(--tint); border: 0; border-radius: 8px; cursor: pointer; }
.bar-top button:disabled { opacity: .4; cursor: default; }
.detail { padding: .35rem 1.15rem 1.15rem; }
.detail pre { margin: .7rem 0; padding: .75rem .9rem; background: var(--tint); border-radius: 8px; font: .87rem/1.5 var(--mono); white-space: pre-wrap; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .35rem 1.25rem; margin: .5rem 0; font-size: .93rem; }
dt { color: var(--soft); } dd { margin: 0; min-width: 0; overflow-wrap: anywhere; unicode-bidi: isolate; }
.note { background: var(--alarm); color: var(--alarm-ink); border-radius: 8px; padding: .55rem .8rem; margin: .7rem 0; font-size: .93rem; }
.damage { margin: .4rem 0 0; padding-left: 1.1rem; font-size: .87rem; }
.paper { display: none; }

@media (max-width: 1080px) { form.filters { grid-template-columns: repeat(3, minmax(0, 1fr)); } }
@media (max-width: 720px) {
  main, header, footer { padding-left: .8rem; padding-right: .8rem; }
  header { padding-top: 1.1rem; }
  h1 { font-size: 1.32rem; }
  .card { padding: .85rem .85rem; }
  .tiles { grid-template-columns: repeat(2, 1fr); gap: .55rem; }
  .tile { padding: .55rem .75rem; } .tile b { font-size: 1.4rem; }
  form.filters { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .field.wide { grid-column: 1 / -1; }
  summary { display: list-item; }
  details[open] summary { margin-bottom: .6rem; }
  input, select { font-size: 16px; }
  .paths legend { float: none; width: 100%; line-height: 1.5; }
  .lane { grid-template-columns: 1fr; padding-top: .3rem; }
  .tiles li:nth-child(3) { grid-column: 1 / -1; }
  .mouse { display: none; }
  .sessions table, .sessions tbody, .sessions td { display: block; }
  .sessions tr { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: .1rem .8rem; }
  .sessions td { grid-column: 1 / -1; }
  .sessions td.when { grid-area: 1 / 1; } .sessions td.long { grid-area: 1 / 2; text-align: right; } .sessions td.who { grid-area: 2 / 1; font-weight: 600; } .sessions td.way { grid-area: 2 / 2; text-align: right; }
  .sessions td.blank { display: none; }
  .sessions thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .sessions tr { border-bottom: 1px solid var(--line); padding: .6rem 0; }
  .sessions tbody tr:last-child { border-bottom: 0; }
  .sessions td { border: 0; padding: .08rem 0; }
  .sessions td.long { font-size: .84rem; color: var(--soft); }
  .scroll.fade { margin-right: -.85rem; padding-right: .85rem; }
  dialog { width: 100vw; max-width: 100vw; height: 100%; max-height: 100%; border-radius: 0; border: 0; margin: 0; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .5rem; }
  .cell { min-width: 2.7rem; }
}
@media (prefers-reduced-motion: no-preference) { dialog[open] { animation: rise .14s ease-out; } @keyframes rise { from { opacity: 0; transform: translateY(8px); } } }
@media (forced-colors: active) { .chip::before, .bar { forced-color-adjust: none; } }
@media print {
  @page { size: A4 landscape; margin: 12mm; }
  :root {
    --page: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #bbb; --tint: #f2f2f2; --link: #000; --mark: #fff3c4;
    --outside: #c2261d; --break-glass: #b45309; --gitops-emergency: #a21caf; --just-in-time: #6d28d9; --on-call: #2563eb; --gateway: #0f766e; --read-only: #64748b;
    --alarm: #fdecea; --alarm-ink: #97180f;
  }
  html { font-size: 10.5px; }
  body { font-size: 1rem; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  main, header, footer { max-width: none; padding: 0; }
  .card { border: 0; padding: 0; margin-bottom: 5mm; }
  .tiles { grid-template-columns: repeat(5, 1fr); gap: 3mm; margin: 4mm 0; }
  .tile b { font-size: 16px; }
  .screen, .more, dialog { display: none !important; }
  .paper { display: block; }
  .lane, .matrix tr, .sessions tr { break-inside: avoid; }
  thead { display: table-header-group; }
  h2 { break-after: avoid; }
  .lane { grid-template-columns: 40mm 1fr; }
}
`;

/** Only where recordings are played. */
export const RECORDINGS_STYLE = `
h3 { margin: 1rem 0 .2rem; font-size: .95rem; }
.recording { margin: .5rem 0 1rem; }
.recording summary, footer summary { display: list-item; }
.recording summary { margin-top: .5rem; font-weight: 400; }
.recordings { list-style: none; margin: .4rem 0 0; padding: 0; font-size: .93rem; }
.recordings li { padding: .42rem 0; border-top: 1px solid var(--line); }
footer summary { font-weight: 400; }
footer pre { white-space: pre-wrap; font: .8rem/1.45 var(--mono); }
@media print { .recording { display: none; } }
`;
