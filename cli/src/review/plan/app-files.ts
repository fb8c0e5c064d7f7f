import { readFileSync } from 'fs';
import { join } from 'path';
import { codeOfMove, Move } from './moves';
import { Wave } from './waves';
import { comment, literal } from '../minimize/safe-text';

/** The versions that this program itself was tried with. */
function versions(): { readonly [name: string]: string } {
  return JSON.parse(readFileSync(join(__dirname, '..', '..', '..', 'package.json'), 'utf8')).dependencies;
}

/** What a wave is called in files. */
export const waveId = (waves: Wave[], i: number) => `wave-${i + 1}-${waves[i].name}`;

/** Whether the wave makes anything. */
export function makesObjects(moves: Move[], waves: Wave[], i: number, approvers: string[]): boolean {
  return moves.some(move => codeOfMove(move, waves, i, approvers));
}

/** A cdk8s app, by file: each wave is a chart. */
export function appFiles(moves: Move[], waves: Wave[], approvers: string[]): Map<string, string> {
  const { cdk8s } = versions();
  const library = versions()['cdk8s-secure-debug'];
  const json = (value: object) => `${JSON.stringify(value, null, 2)}\n`;
  return new Map([
    ['package.json', json({
      name: 'off-cluster-admin',
      private: true,
      scripts: { synth: 'cdk8s synth', check: 'tsc --noEmit' },
      dependencies: { 'cdk8s': cdk8s, 'cdk8s-plus-28': '^2.5.6', 'cdk8s-secure-debug': library, 'constructs': '^10.3.0' },
      devDependencies: { '@types/node': '^20', 'cdk8s-cli': '^2.207.0', 'tsx': '^4.0.0', 'typescript': '~6.0.0' },
    })],
    ['cdk8s.yaml', 'language: typescript\napp: npx tsx main.ts\noutput: dist\n'],
    ['tsconfig.json', json({
      compilerOptions: { target: 'ES2022', module: 'node16', moduleResolution: 'node16', strict: true, noUnusedLocals: true, skipLibCheck: true, types: ['node'] },
      include: ['*.ts'],
    })],
    ['.gitignore', 'node_modules/\ndist/\n'],
    ['main.ts', mainFile(moves, waves, approvers)],
  ]);
}

function mainFile(moves: Move[], waves: Wave[], approvers: string[]): string {
  const library = new Set<string>();
  let plainObjects = false;
  const charts = waves.flatMap((wave, i) => {
    const codes = moves.flatMap(move => {
      const code = codeOfMove(move, waves, i, approvers);
      return code ? [code] : [];
    });
    if (codes.length === 0) return [];
    codes.forEach(code => {
      code.library.forEach(name => library.add(name));
      plainObjects ||= code.plainObjects;
    });
    const where = wave.cluster ? 'what is bound for the whole cluster' : wave.namespaces ? `${wave.namespaces.join(', ')}` : 'every other namespace';
    return [{
      id: waveId(waves, i),
      name: `Wave${i + 1}`,
      lines: [
        ...comment('//', [`Wave ${i + 1}, ${wave.name}: ${where}.`]),
        `class Wave${i + 1} extends Chart {`,
        '  public constructor(scope: Construct, id: string) {',
        '    super(scope, id);',
        ...codes.flatMap(({ lines }) => lines.map(line => `    ${line}`)),
        '  }',
        '}',
        '',
      ],
    }];
  });
  const requests = library.has('BreakGlassAccess');
  if (requests) library.add('AccessRequestPolicy');
  return [
    '// The rights that replace the bindings of the plan, by the audit log. Read, change, and keep it in Git.',
    `import { ${plainObjects ? 'ApiObject, ' : ''}App, Chart } from 'cdk8s';`,
    ...library.size > 0 ? [`import { ${[...library].sort().join(', ')} } from 'cdk8s-secure-debug';`] : [],
    ...charts.length > 0 ? ['import { Construct } from \'constructs\';'] : [],
    '',
    ...charts.flatMap(({ lines }) => lines),
    'const app = new App();',
    // Requests are held by this policy alone, so it goes first.
    ...requests ? [`new AccessRequestPolicy(new Chart(app, ${literal('access-requests')}), 'policy');`] : [],
    ...charts.map(({ id, name }) => `new ${name}(app, ${literal(id)});`),
    ...charts.length === 0 && !requests ? ['new Chart(app, \'nothing-to-make\');'] : [],
    'app.synth();',
    '',
  ].join('\n');
}

/** Whether anything is to be had on request. */
export const hasRequests = (moves: Move[], waves: Wave[], approvers: string[]) => moves.some(move => waves.some((_, i) => codeOfMove(move, waves, i, approvers)?.library.includes('BreakGlassAccess')));
