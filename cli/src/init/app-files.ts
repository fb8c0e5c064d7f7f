import { readFileSync } from 'fs';
import { join } from 'path';
import type { Answers, Language } from './answers';
import { comment, literal } from '../review/minimize/safe-text';

/** The versions that this program itself was tried with. */
const versions = (): { readonly [name: string]: string } => JSON.parse(readFileSync(join(__dirname, '..', '..', 'package.json'), 'utf8')).dependencies;

/** In both languages a text in double quotes is what JSON has, but for what neither reads on one line. */
const quoted = (text: string) => JSON.stringify(text).replace(/[\u007f-\uffff]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** What makes and runs the app, in its folder. */
export const commandsOf = (language: Language): string[] => language === 'python'
  ? ['python3 -m venv .venv && .venv/bin/pip install -r requirements.txt', '.venv/bin/python main.py']
  : ['npm install', 'npm run synth'];

/** The file with the declaration. */
export const mainOf = (language: Language): string => language === 'python' ? 'main.py' : 'main.ts';

/** The files of the app, by name. */
export function appFiles(answers: Answers): Map<string, string> {
  return new Map([...answers.language === 'python' ? python(answers) : typeScript(answers), ['README.md', readme(answers)]]);
}

function typeScript({ teams, remarks, managed, platform }: Answers): [string, string][] {
  const { 'cdk8s': cdk8s, 'cdk8s-secure-debug': library } = versions();
  const json = (value: object) => `${JSON.stringify(value, null, 2)}\n`;
  return [
    ['package.json', json({
      name: 'debug-access',
      private: true,
      scripts: { synth: 'tsx main.ts', check: 'tsc --noEmit' },
      dependencies: { 'cdk8s': cdk8s, 'cdk8s-plus-28': '^2.5.6', 'cdk8s-secure-debug': library, 'constructs': '^10.3.0' },
      devDependencies: { '@types/node': '^20', 'tsx': '^4.0.0', 'typescript': '~6.0.0' },
    })],
    ['cdk8s.yaml', 'language: typescript\napp: npx tsx main.ts\noutput: dist\n'],
    ['tsconfig.json', json({
      compilerOptions: { target: 'ES2022', module: 'node16', moduleResolution: 'node16', strict: true, noUnusedLocals: true, skipLibCheck: true, types: ['node'] },
      include: ['*.ts'],
    })],
    ['.gitignore', 'node_modules/\n'],
    ['main.ts', [
      'import { rmSync } from \'fs\';',
      'import { App } from \'cdk8s\';',
      `import { AccessMatrix, ${managed ? '' : 'ControlPlane, '}${platform ? 'ControlPlanePlatform, ' : ''}RolloutPhase, SecureDebugging } from 'cdk8s-secure-debug';`,
      '',
      'const app = new App();',
      ...managed ? [] : ['// What kube-apiserver reads from its own disk is no cluster object, so it gets a folder of its own.', `const controlPlane = new ControlPlane(${platform ? `{ platforms: [ControlPlanePlatform.${platform}] }` : ''});`],
      '',
      'new SecureDebugging(app, \'debugging\', {',
      ...managed ? [] : ['  controlPlane,'],
      '  phase: RolloutPhase.RBAC,',
      ...comment('  //', remarks),
      '  teams: [',
      ...teams.flatMap(({ name, namespaces, onCall, approvers }) => [
        '    {',
        `      name: ${literal(name)},`,
        `      namespaces: [${namespaces.map(literal).join(', ')}],`,
        `      onCall: ${literal(onCall)},`,
        `      approvers: ${literal(approvers)},`,
        '    },',
      ]),
      '  ],',
      '});',
      '',
      '// What a team that is gone would leave behind would be applied again.',
      'rmSync(app.outdir, { recursive: true, force: true });',
      'app.synth();',
      ...managed ? [] : ['controlPlane.synth();'],
      'console.log(AccessMatrix.of(app).toText());',
      '',
    ].join('\n')],
  ];
}

function python({ teams, remarks, managed, platform }: Answers): [string, string][] {
  const library = versions()['cdk8s-secure-debug'].replace(/^\^/, '');
  return [
    ['requirements.txt', `cdk8s-secure-debug>=${library}\n`],
    ['cdk8s.yaml', 'language: python\napp: python main.py\noutput: dist\n'],
    ['.gitignore', '.venv/\n__pycache__/\n'],
    ['main.py', [
      'from shutil import rmtree',
      '',
      'from cdk8s import App',
      `from cdk8s_secure_debug import AccessMatrix, ${managed ? '' : 'ControlPlane, '}${platform ? 'ControlPlanePlatform, ' : ''}DebugTeam, RolloutPhase, SecureDebugging`,
      '',
      'app = App()',
      ...managed ? [] : ['# What kube-apiserver reads from its own disk is no cluster object, so it gets a folder of its own.', `control_plane = ControlPlane(${platform ? `platforms=[ControlPlanePlatform.${platform}]` : ''})`],
      '',
      'SecureDebugging(',
      '    app,',
      '    "debugging",',
      ...managed ? [] : ['    control_plane=control_plane,'],
      '    phase=RolloutPhase.RBAC,',
      ...comment('    #', remarks),
      '    teams=[',
      ...teams.flatMap(({ name, namespaces, onCall, approvers }) => [
        '        DebugTeam(',
        `            name=${quoted(name)},`,
        `            namespaces=[${namespaces.map(quoted).join(', ')}],`,
        `            on_call=${quoted(onCall)},`,
        `            approvers=${quoted(approvers)},`,
        '        ),',
      ]),
      '    ],',
      ')',
      '',
      '# What a team that is gone would leave behind would be applied again.',
      'rmtree(app.outdir, ignore_errors=True)',
      'app.synth()',
      ...managed ? [] : ['control_plane.synth()'],
      'print(AccessMatrix.of(app).to_text())',
      '',
    ].join('\n')],
  ];
}

function readme({ language, managed }: Answers): string {
  return [
    '# Debug access',
    '',
    '```shell',
    ...commandsOf(language),
    'kubectl apply -f dist/',
    '```',
    '',
    ...managed
      ? ['The provider sets the audit policy; see its log of the control plane.', '']
      : ['`control-plane/audit-policy.yaml` goes to each control-plane node, and is named by `--audit-policy-file` of kube-apiserver.', ''],
    'Guardrails only watch at first. When `secure-debug audit readiness` says that nobody would be surprised, the next phase is one word:',
    '`RolloutPhase.CREDENTIALS`, then `RolloutPhase.BROKER`.',
    '',
  ].join('\n');
}
