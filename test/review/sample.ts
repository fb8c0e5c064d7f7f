import { account, bind, bindEverywhere, group, role, rule, user } from './rbac';

/** One of each: granted, limited, incomplete, unknown and everything; a ServiceAccount with a long name and rights beyond. */
export const SAMPLE: any[] = [
  role('payments', 'debug', rule('get,list', 'pods'), rule('get', 'pods/log'), rule('get,create', 'pods/exec')),
  bind('payments', 'debug', 'debug', group('oncall-payments')),
  role('ledger', 'debug', rule('get', 'pods', '', 'ledger-1,ledger-0'), rule('get', 'pods/log', '', 'ledger-0,ledger-1'), rule('create', 'pods/exec')),
  bind('ledger', 'debug', 'debug', group('oncall-payments')),
  bindEverywhere('break-glass', 'cluster-admin', group('admins')),
  bind('payments', 'viewer', 'ClusterRole view', user('alice@example.com')),
  role('continuous-integration-and-delivery', 'deployer', rule('create,delete', 'pods'), rule('get', 'secrets')),
  bind('continuous-integration-and-delivery', 'deployer', 'deployer', account('continuous-integration', 'a-deployer-with-a-long-name')),
];

/** Text that would do harm if it were not escaped, or hide what it stands for. */
export const HOSTILE = [
  '<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "' onmouseover='alert(1)", '&lt;b&gt;', ']]>', '-->',
  '|', '\\|', '`', '``|``', '**bold**', '[link](https://example.com)', '![image](x)', '@everyone', '#1', '</code>', '_x_', '~~x~~', '$x$',
  'a\nb', 'a\r\nb', 'a\tb', '\u0000', '\u001b[31mred\u001b[0m', '\u0007', '\u009b31m', '\u200b', 'a\u202eb', '\u2066x', '\ufeff', '\u00a0', '\ud800', '\u{e0041}', '\ufffe', ' ', '  a  b ',
];
