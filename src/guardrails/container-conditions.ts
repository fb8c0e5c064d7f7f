import { DEBUG_PODS } from './container-access';
import { addedCapabilities, containerBeyond, Excess, podBeyond, PodSecurityLevel } from './container-security';
import { DebugImage } from './debug-image';
import { GIVING, isGiven, MatchCondition, PolicyValidation, PolicyVariable } from '../model/admission-policy';
import { anyOf, authorizerCheck, list, literal, literals } from '../model/cel';
import { DEBUGGER_PREFIX, VIRTUAL } from '../model/virtual-rights';

/** What `DebugContainerGuardrail` looks at. */
interface ContainerConditions {
  readonly images: DebugImage[];
  readonly level: PodSecurityLevel;
  readonly requireTarget: boolean;
}

const EPHEMERAL = 'has(request.subResource) && request.subResource == \'ephemeralcontainers\'';

/**
 * Pods are created by controllers, for the most part by ServiceAccounts, and by kubelets, which show the API server
 * what they run themselves. system:admin and the like are people.
 */
const CONTROLLERS = '^system:(?:serviceaccount:.+|node:.+|kube-controller-manager|kube-scheduler|apiserver)$';

/** A debug container is judged whoever adds it; other writes to pods are when no controller sent them. */
export const BY_PEOPLE: MatchCondition = {
  name: 'debug-container-or-by-people',
  expression: `(${EPHEMERAL}) || !request.userInfo.username.matches(${literal(CONTROLLERS)})`,
};

/** Where ServiceAccount admission mounts the token of a pod that is created, in every container. */
const TOKEN_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';

/** RE2 of a directory and what is below it, without `..`. */
const below = (directory: string) => `^${directory}(?:/[A-Za-z0-9_][A-Za-z0-9._-]*)*/?$`;

const optional = (path: string, otherwise: string) => `${path}.orValue(${otherwise})`;
/** CEL: a list that may be missing, or a field of its items, as texts. */
const texts = (path: string, field = '') => `${optional(path, '[]')}.map(item, string(item${field}))`;
const VOLUMES = optional('object.spec.?volumes', '[]');

/** CEL: those of the texts, given as expressions, whose condition holds. */
function holding(cases: Excess[]): string {
  return `${list(cases.map(({ when, text }) => `${when} ? ${text} : ''`))}.filter(text, text != '')`;
}

/** CEL: `NAME (what, what)` for each container `c` of a list in which something is not as it should be. */
function offenders(containers: string, cases: Excess[]): string {
  if (cases.length === 0) return '[]';
  return `${containers}.map(c, {'name': [string(c.name)], 'what': ${holding(cases)}}).filter(c, c.what.size() > 0).map(c, c.name[0] + ' (' + c.what.join(', ') + ')')`;
}

const set = (path: string, shown: string): Excess => ({ when: `has(c.${path})`, text: literal(shown) });

/** What no debug container needs, and what would run something else than its command or bring in what it is not given. */
const FOREIGN_FIELDS: Excess[] = [
  set('workingDir', 'workingDir'),
  set('envFrom', 'envFrom'),
  set('volumeDevices', 'volumeDevices'),
  { when: 'c.?env.orValue([]).exists(variable, has(variable.valueFrom))', text: literal('env.valueFrom') },
  set('lifecycle', 'lifecycle'),
  set('livenessProbe', 'livenessProbe'),
  set('readinessProbe', 'readinessProbe'),
  set('startupProbe', 'startupProbe'),
  { when: 'c.?terminationMessagePath.orValue(\'/dev/termination-log\') != \'/dev/termination-log\'', text: literal('terminationMessagePath') },
];

export function containerVariables({ images, level, requireTarget }: ContainerConditions): PolicyVariable[] {
  const told = (prefix: string, text: (image: DebugImage) => string) => images.map((image, i) => ({ when: `variables.${prefix}${i}.size() > 0`, text: literal(text(image)) }));
  const capabilities = addedCapabilities(level);
  const mounts = `${optional('c.?volumeMounts', '[]')}.filter(m, !(m.mountPath == ${literal(TOKEN_PATH)} && m.name in variables.tokens)`
    + ` && !(m.name in variables.hostPaths && m.mountPath.matches(${literal(below('/host'))})))`;
  return [
    GIVING,
    { name: 'place', expression: 'request.namespace + \'/\' + object.metadata.name' },
    { name: 'adding', expression: EPHEMERAL },
    { name: 'creating', expression: 'request.operation == \'CREATE\'' },
    // The API server lets no debug container be changed or removed; one that is not exactly as before is judged as if it were new.
    { name: 'before', expression: `variables.adding ? ${optional('oldObject.spec.?ephemeralContainers', '[]')} : []` },
    { name: 'added', expression: `variables.adding ? dyn(${optional('object.spec.?ephemeralContainers', '[]')}.filter(c, !(c in variables.before))) : dyn([])` },
    { name: 'created', expression: `variables.creating ? dyn(${optional('object.spec.?initContainers', '[]')} + object.spec.containers) : dyn([])` },
    {
      name: 'reaches',
      expression: holding([
        { when: 'object.metadata.name.startsWith(\'node-debugger-\')', text: literal('its name') },
        ...['hostNetwork', 'hostPID', 'hostIPC'].map(field => ({ when: optional(`object.spec.?${field}`, 'false'), text: literal(field) })),
        { when: `${VOLUMES}.exists(volume, has(volume.hostPath))`, text: literal('hostPath') },
      ]),
    },
    { name: 'onNode', expression: 'variables.creating && variables.reaches.size() > 0' },
    // Of a copy, the containers of the pod that was copied are not told from others: no policy sees that pod.
    { name: 'debuggers', expression: `variables.adding ? variables.added : variables.onNode ? variables.created : variables.created.filter(c, c.name.startsWith(${literal(DEBUGGER_PREFIX)}))` },
    { name: 'judged', expression: 'variables.adding ? variables.added : variables.created' },
    { name: 'tokens', expression: `variables.creating ? ${VOLUMES}.filter(v, has(v.projected) && ${optional('v.projected.?sources', '[]')}.all(source, !has(source.secret))).map(v, v.name) : []` },
    { name: 'hostPaths', expression: `variables.onNode ? ${VOLUMES}.filter(v, has(v.hostPath)).map(v, v.name) : []` },
    {
      name: 'records',
      expression: `variables.debuggers.map(c, {${[
        '\'name\': [string(c.name)]',
        `'image': [string(${optional('c.?image', '\'\'')})]`,
        `'command': ${texts('c.?command')}`,
        `'argv': ${texts('c.?command')} + ${texts('c.?args')}`,
        `'asks': (${optional('c.?stdin', 'false')} ? ['-i'] : []) + (${optional('c.?tty', 'false')} ? ['-t'] : [])`,
        `'env': ${texts('c.?env', '.name')}`,
        // What is mounted elsewhere could take the place of the program that is allowed.
        `'volumes': ${mounts}.filter(m, m.mountPath.matches(${literal(below('/mnt'))})).map(m, string(m.name))`,
        `'shadows': ${mounts}.filter(m, !m.mountPath.matches(${literal(below('/mnt'))})).map(m, m.name + ' at ' + m.mountPath)`,
        `'capabilities': ${texts('c.?securityContext.?capabilities.?add')}`,
      ].join(', ')}})`,
    },
    ...images.flatMap((image, i) => {
      const running = image._running(`variables.of${i}`);
      return [
        { name: `of${i}`, expression: image._of('variables.records') },
        ...running.map((one, k) => ({ name: `run${i}x${k}`, expression: one.running })),
        { name: `run${i}`, expression: running.map((_one, k) => `variables.run${i}x${k}`).join(' + ') },
        {
          name: `fit${i}`,
          expression: `(${running.map(({ permits }, k) => `variables.run${i}x${k}.filter(c, ${permits})`).join(' + ')}).filter(c, ${image._allowsExtras(capabilities)}).map(c, c.name[0])`,
        },
        { name: `may${i}`, expression: authorizerCheck(VIRTUAL.debugImage, image.name) },
      ];
    }),
    { name: 'mayCopy', expression: authorizerCheck(VIRTUAL.debugPod, DEBUG_PODS.copy) },
    { name: 'mayNode', expression: authorizerCheck(VIRTUAL.debugPod, DEBUG_PODS.node) },

    // What is wrong, as texts; none when all is well.
    { name: 'misnamed', expression: `variables.added.filter(c, !c.name.startsWith(${literal(DEBUGGER_PREFIX)})).map(c, c.name)` },
    ...requireTarget ? [{ name: 'untargeted', expression: `variables.added.filter(c, ${optional('c.?targetContainerName', '\'\'')} == '').map(c, c.name)` }] : [],
    { name: 'unknown', expression: `variables.records.filter(c, !(c.image[0] in ${literals([...new Set(images.flatMap(image => image.references))])})).map(c, c.image[0])` },
    {
      name: 'notRunning',
      expression: `variables.records.filter(c, !(${anyOf(images.map((_image, i) => `c in variables.run${i}`))})).map(c, c.argv.size() == 0 ? 'no command' : (c.command.size() == 0 ? '--arguments-only ' : '') + '"' + c.argv.join(' ') + '"')`,
    },
    {
      name: 'notFitting',
      expression: `variables.records.filter(c, !(${anyOf(images.map((_image, i) => `c.name[0] in variables.fit${i}`))}))`
        + '.map(c, c.name[0] + \' (\' + (c.asks + c.env.map(name, \'--env \' + name) + c.volumes.map(name, \'volume \' + name) + c.shadows.map(name, \'volume \' + name) + c.capabilities.map(name, \'capability \' + name)).join(\', \') + \')\')',
    },
    { name: 'commands', expression: holding(told('of', image => `${image.name}: ${some(image._commands)}`)) },
    { name: 'extras', expression: holding(told('run', image => `${image.name}: ${image._extras.join(', ') || 'nothing'}`)) },
    {
      name: 'takes',
      expression: `variables.records.map(c, c.name[0] + ' takes the debug image ' + ${holding(images.map(({ name }, i) => ({ when: `c.name[0] in variables.fit${i}`, text: literal(name) })))}.join(' or '))`,
    },
    { name: 'foreign', expression: offenders('variables.debuggers', FOREIGN_FIELDS) },
    { name: 'beyond', expression: offenders('variables.judged', containerBeyond(level, 'object')) },
    {
      name: 'adds',
      expression: capabilities === undefined ? '[]' : offenders('variables.judged.filter(c, !(c in variables.debuggers))', [{
        when: `!${optional('c.?securityContext.?capabilities.?add', '[]')}.all(name, name in ${literals(capabilities)})`,
        text: `'capabilities ' + ${optional('c.?securityContext.?capabilities.?add', '[]')}.join(', ')`,
      }]),
    },
    { name: 'podBeyond', expression: `variables.creating ? ${holding(podBeyond(level, 'object'))} : []` },
    {
      name: 'nodeOdd',
      expression: `variables.onNode ? ${holding([
        { when: `!(${optional('object.spec.?serviceAccountName', '\'\'')} in ['', 'default'])`, text: '\'the ServiceAccount \' + object.spec.serviceAccountName' },
        { when: `!${VOLUMES}.all(v, has(v.hostPath) || v.name in variables.tokens)`, text: literal('volumes that are no hostPath') },
      ])} : []`,
    },
  ];
}

/** Of several that fail, the API server tells the first. */
export function containerValidations({ images, level, requireTarget }: ContainerConditions): PolicyValidation[] {
  const none = (variable: string, message: string, messageExpression: string): PolicyValidation => ({ expression: `variables.${variable}.size() == 0`, message, messageExpression });
  const joined = (variable: string) => `variables.${variable}.join(', ')`;
  const names = images.map(({ name }) => name).join(', ');
  return [
    {
      expression: 'variables.adding || variables.creating || object.spec.containers.map(c, c.?image.orValue(\'\')) == oldObject.spec.containers.map(c, c.?image.orValue(\'\'))'
        + ` && ${['object', 'oldObject'].map(one => `${optional(`${one}.spec.?initContainers`, '[]')}.map(c, c.?image.orValue(''))`).join(' == ')}`,
      message: 'people do not change the images of a pod: what it runs then is no debug image',
      messageExpression: '\'the images of \' + variables.place + \' are not changed by people: change them where the pod is declared\'',
    },
    {
      expression: `!variables.onNode || ${isGiven('mayNode')}`,
      message: 'a pod that reaches its node is not allowed to you',
      messageExpression: `'the pod ' + variables.place + ' reaches its node by ' + ${joined('reaches')} + '; debugging nodes is not granted to you, and a copy of a pod has none of these. Request access, or break glass'`,
    },
    {
      expression: `!variables.creating || variables.onNode || ${isGiven('mayCopy')}`,
      message: 'creating pods is not allowed to you',
      messageExpression: '\'the pod \' + variables.place + \' would be created by a person; copying pods is not granted to you. A debug container in the running pod needs no copy: kubectl debug POD --image=…\'',
    },
    none('nodeOdd', 'a pod that debugs a node has the ServiceAccount default and no volumes but hostPath', `'the pod ' + variables.place + ' debugs a node, and may not have ' + ${joined('nodeOdd')}`),
    none('misnamed', `the name of a debug container begins with ${DEBUGGER_PREFIX}`, `'debug container ' + ${joined('misnamed')} + ': its name has to begin with ${DEBUGGER_PREFIX}, as kubectl names it without --container'`),
    ...requireTarget ? [none('untargeted', 'a debug container needs a target', `'debug container ' + ${joined('untargeted')} + ' names no target: add --target=CONTAINER'`)] : [],
    none('unknown', `the image is none of the debug images ${names}`, `'image ' + ${joined('unknown')} + ' is none of the debug images: ' + ${literal(referencesOf(images))}`),
    none('notRunning', 'the command is not allowed in this debug image', `${joined('notRunning')} + ' may not run in a debug container here; what may: ' + variables.commands.join('; ')`),
    none('notFitting', 'the debug container asks for more than its debug image allows', `'debug container ' + ${joined('notFitting')} + ' asks for more than is allowed; allowed is ' + variables.extras.join('; ') + '. kubectl debug --profile=baseline adds no capability'`),
    none('foreign', 'a debug container sets what it may not', `'debug container ' + ${joined('foreign')} + ' sets what no debug container may'`),
    none('beyond', `a container is beyond the level ${level}`, `'container ' + ${joined('beyond')} + ' is beyond the level ${level}'`),
    none('adds', `a container adds capabilities beyond the level ${level}`, `'container ' + ${joined('adds')} + ' is beyond the level ${level}'`),
    none('podBeyond', `the pod is beyond the level ${level}`, `'the pod ' + variables.place + ' (' + ${joined('podBeyond')} + ') is beyond the level ${level}'`),
    {
      expression: `variables.debuggers.all(c, ${anyOf(images.map((_image, i) => `c.name in variables.fit${i} && ${isGiven(`may${i}`)}`))})`,
      message: 'the debug image is not granted to you',
      messageExpression: `${joined('takes')} + (variables.records.size() == 1 ? ', which is not' : ', not all of which are') + ' granted to you; rights by wildcard do not count. Request access, or break glass'`,
    },
  ];
}

const SHOWN = 6;

/** A few of them: a message has 5 KiB at most, and a tired reader. */
function some(shown: string[]): string {
  return `${shown.slice(0, SHOWN).join(', ')}${shown.length > SHOWN ? `, … ${shown.length} in all` : ''}`;
}

function referencesOf(images: DebugImage[]): string {
  return some([...new Set(images.flatMap(image => image.references))]);
}
