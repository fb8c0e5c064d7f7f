import { readdirSync, readFileSync } from 'fs';
import { join } from 'path';
import { App, Chart, Testing } from 'cdk8s';
import { Construct } from 'constructs';
import { SecureDebugWarnings, TeamChart } from '../../src/model';
import { AREAS, renderRules, RULES_MD } from '../../tools/rules-md';
import { refusal } from '../private/refusal';

const rules = SecureDebugWarnings.rules();
const { title, fix } = rules[0];

describe('the rules', () => {
  it('have ids of a known area, sorted, each once', () => {
    const ids = rules.map(rule => rule.id);
    expect(ids).toEqual([...new Set(ids)].sort());
    for (const id of ids) {
      expect(id).toMatch(/^SD\d{4}$/);
      expect(Object.keys(AREAS)).toContain(id.slice(0, 3));
    }
  });

  it('say what, why and what to do, in sentences', () => {
    for (const rule of rules) {
      expect(rule.title).toMatch(/^[A-Z].*[^.]$/);
      expect(rule.why).toMatch(/^\S.+\.$/);
      expect(rule.fix).toMatch(/^\S.+\.$/);
    }
  });

  it('are those that RULES.md lists', () => expect(readFileSync(RULES_MD, 'utf8')).toBe(renderRules(rules)));

  it('are listed with every field, in a table that a bar does not break', () => {
    const line = renderRules([{ id: 'SD3999', title: 'T', why: 'a | b.', fix: 'F.' }]);
    expect(line).toContain('## Network');
    expect(line).not.toContain('## Access');
    expect(line).toContain('| <a id="sd3999"></a>SD3999 | T | a \\| b. | F. |\n');
    for (const rule of rules) expect(renderRules(rules)).toContain(`</a>${rule.id} | ${rule.title.replace(/\|/g, '\\|')} |`);
  });

  it('are all used, and what is used is a rule', () => {
    const src = join(__dirname, '../../src');
    const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts') && file !== join('model', 'warnings.ts'));
    const sources = files.map(file => readFileSync(join(src, file), 'utf8')).join('\n');
    // Examples in documentation are no use of a rule.
    const code = sources.replace(/^ *\/\*\*[^]*?\*\//gm, '');
    const used = [...new Set(code.match(/(?<=['"])SD\d{4}(?=['"])/g))].sort();
    expect(used).toEqual(rules.map(rule => rule.id));
  });

  it('are handed out as a copy', () => {
    SecureDebugWarnings.rules().pop();
    expect(SecureDebugWarnings.rules()).toEqual(rules);
  });
});

describe('a warning', () => {
  let app: App;
  let chart: Chart;
  let inner: Construct;
  let written: string[];
  beforeEach(() => {
    app = new App();
    chart = new Chart(app, 'chart');
    inner = new Construct(chart, 'inner');
    written = [];
    jest.spyOn(process.stderr, 'write').mockImplementation(text => !!written.push(String(text)));
  });
  afterEach(() => jest.restoreAllMocks());

  const line = `warning SD1001 at chart/inner: ${title}: in payments. Fix: ${fix}\n`;
  const warn = (scope: Construct = inner, id = 'SD1001', detail = 'in payments') => SecureDebugWarnings._add(scope, id, detail);

  it('is data: which rule, where, about what, and what to do', () => {
    warn();
    expect(SecureDebugWarnings.of(app)).toStrictEqual([{ id: 'SD1001', path: 'chart/inner', message: `${title}: in payments.`, fix }]);
    expect(written).toEqual([]);
  });

  it('is printed once to stderr, however often the app is synthesized', () => {
    warn();
    app.synthYaml();
    Testing.synth(chart);
    app.synthYaml();
    expect(written).toEqual([line]);
  });

  it('is printed once when it was given twice', () => {
    warn();
    warn();
    app.synthYaml();
    expect(written).toEqual([line]);
    expect(SecureDebugWarnings.of(app)).toHaveLength(2);
  });

  it('is printed also when it came after the first synthesis', () => {
    warn();
    app.synthYaml();
    warn(chart, 'SD1002', 'later');
    app.synthYaml();
    expect(written).toEqual([line, `warning SD1002 at chart: ${rules[1].title}: later. Fix: ${rules[1].fix}\n`]);
  });

  it('never fails the synthesis', () => {
    warn();
    expect(app.synthYaml()).toBe('');
  });

  it('is printed by the app when a chart is a TeamChart', () => {
    warn(new Construct(new TeamChart(app, 'team'), 'inner'));
    app.synthYaml();
    expect(written).toEqual([line.replace('chart/inner', 'team/inner')]);
  });

  it('is of the construct and of everything above, not of what is beside it', () => {
    warn();
    for (const scope of [app, chart, inner]) expect(SecureDebugWarnings.of(scope)).toHaveLength(1);
    for (const scope of [new Chart(app, 'other'), new Construct(inner, 'below')]) expect(SecureDebugWarnings.of(scope)).toEqual([]);
    expect(SecureDebugWarnings.of(new App())).toEqual([]);
  });

  it('stands sorted by path, id and text, whatever the order they came in', () => {
    const second = new Construct(chart, 'a');
    warn(inner, 'SD1002', 'x');
    warn(inner, 'SD1001', 'z');
    warn(inner, 'SD1001', 'y');
    warn(second, 'SD1003', 'x');
    expect(SecureDebugWarnings.of(app).map(w => [w.path, w.id, w.message.slice(-2)])).toEqual([
      ['chart/a', 'SD1003', 'x.'], ['chart/inner', 'SD1001', 'y.'], ['chart/inner', 'SD1001', 'z.'], ['chart/inner', 'SD1002', 'x.'],
    ]);
  });

  describe('that is acknowledged', () => {
    const reason = 'copies are needed until the image has a shell';

    it.each([['at the construct', () => inner], ['above it', () => chart], ['for the app', () => app]])('%s is not printed, and its data says why', (_where, scope) => {
      SecureDebugWarnings.acknowledge(scope(), 'SD1001', reason);
      warn();
      app.synthYaml();
      expect(written).toEqual([]);
      expect(SecureDebugWarnings.of(app)).toStrictEqual([{ id: 'SD1001', path: 'chart/inner', message: `${title}: in payments.`, fix, acknowledged: reason }]);
    });

    it('after it was given is not printed either', () => {
      warn();
      SecureDebugWarnings.acknowledge(inner, 'SD1001', reason);
      app.synthYaml();
      expect(written).toEqual([]);
    });

    it('leaves others to be printed: of another rule, and beside it', () => {
      SecureDebugWarnings.acknowledge(inner, 'SD1002', reason);
      SecureDebugWarnings.acknowledge(new Construct(chart, 'beside'), 'SD1001', reason);
      SecureDebugWarnings.acknowledge(new Construct(inner, 'below'), 'SD1001', reason);
      warn();
      app.synthYaml();
      expect(written).toEqual([line]);
    });

    it('at several places has the reason of the nearest, and for two rules that of each', () => {
      SecureDebugWarnings.acknowledge(inner, 'SD1001', 'near');
      SecureDebugWarnings.acknowledge(inner, 'SD1002', 'other');
      SecureDebugWarnings.acknowledge(app, 'SD1001', 'far');
      warn();
      warn(inner, 'SD1002');
      expect(SecureDebugWarnings.of(app).map(w => w.acknowledged)).toEqual(['near', 'other']);
    });

    it('needs a known id and a reason', () => {
      expect(refusal(() => SecureDebugWarnings.acknowledge(app, 'SD9999', reason))).toBe(
        `SecureDebugWarnings.acknowledge: id = "SD9999" is not a warning. Fix: use one of ${rules.map(rule => rule.id).join(', ')}.`);
      expect(refusal(() => SecureDebugWarnings.acknowledge(app, 'sd1001', reason))).toContain('is not a warning');
      expect(refusal(() => SecureDebugWarnings.acknowledge(app, 'SD1001', ''))).toMatch(/^SecureDebugWarnings\.acknowledge: reason = "" is empty\./);
      expect(refusal(() => SecureDebugWarnings.acknowledge(app, 'SD1001', 'a\nwarning SD1002 at x'))).toContain('control or invisible characters');
    });
  });
});
