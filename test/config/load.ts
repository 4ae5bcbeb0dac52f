// Tests src/config/load.ts, and all of src/config through it. The texts in golden/ are what an operator sees: read them as
// prose. HOLDFAST_GOLDEN=write rewrites them.
import { existsSync, globSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import t from 'tap';
import { CHECK_KEYS, TYPES } from '../../src/config/check-schema.ts';
import { render } from '../../src/config/diagnostic.ts';
import { HTTP_KEYS } from '../../src/config/http-schema.ts';
import { type Loaded, load } from '../../src/config/load.ts';
import { ROUTER_KEYS } from '../../src/config/router-schema.ts';
import { MAX_BYTES, type Source } from '../../src/config/source.ts';
import { WATCHDOG_KEYS } from '../../src/config/watchdog-schema.ts';
import { diagnose, loadText, router } from '../fixtures/diagnose.ts';
import fc from '../fixtures/property.ts';

const golden = join(import.meta.dirname, 'golden');
const read = (file: string, path: string): Source => ({ file, text: readFileSync(path, 'utf8') });

function sourcesOf(name: string): readonly Source[] {
  const folder = join(golden, name);
  if (!existsSync(folder)) return [read('holdfast.toml', `${folder}.toml`)];
  const dropIns = readdirSync(join(folder, 'holdfast.d')).sort();
  return [
    read('holdfast.toml', join(folder, 'holdfast.toml')),
    ...dropIns.map(file => read(`holdfast.d/${file}`, join(folder, 'holdfast.d', file))),
  ];
}

function tell({ diagnostics, plan }: Loaded, sources: readonly Source[]): string {
  const texts = new Map(sources.map(source => [source.file, source.text]));
  const blocks = diagnostics.map(diagnostic => render(diagnostic, texts.get(diagnostic.file) ?? ''));
  return `${[...blocks, plan === null ? 'no plan' : `a plan of ${plan.routers.length}`].join('\n\n')}\n`;
}

t.test('says what is wrong in words that help', async t => {
  const names = new Set(globSync('*{.toml,/holdfast.toml}', { cwd: golden }).map(path => basename(path.replace(/\/.*/, ''), '.toml')));
  t.ok(names.size >= 24, 'the examples are there');
  for (const name of names) {
    const sources = sourcesOf(name);
    const told = tell(await load(sources, 'edge-x'), sources);
    const expected = join(golden, `${name}.txt`);
    if (process.env.HOLDFAST_GOLDEN === 'write') writeFileSync(expected, told);
    t.equal(told, readFileSync(expected, 'utf8'), name);
  }
});

t.test('fills in the defaults', async t => {
  const { plan, diagnostics, node, named } = await loadText(router('web'));
  t.strictSame(diagnostics, []);
  t.strictSame({ node, named }, { node: 'here', named: null });
  t.strictSame(plan, {
    routers: [
      {
        name: 'web',
        family: 'ipv4',
        interface: 'eth0',
        vrid: 51,
        version: 3,
        priority: 100,
        addresses: [{ address: '192.0.2.200', length: 24 }],
        advertInterval: 1_000_000,
        preempt: true,
        preemptDelay: 0,
        accept: true,
        checksum: 'auto',
        peers: [],
        source: null,
        password: null,
        lease: 6_000_000,
        tracked: false,
        trackInterface: true,
      },
    ],
    duties: { checks: [], watchdogs: [], tracks: [], hooks: [], http: null },
  });
});

t.test('takes every setting as it is written', async t => {
  const text = router('"a.b-c_D9"', {
    vrid: '255',
    priority: '255',
    addresses: '["198.51.100.1", "192.0.2.200/31"]',
    version: '3',
    advert_interval: '"40.95s"',
    preempt: 'true',
    preempt_delay: '"1h"',
    accept: 'true',
    checksum: '"rfc5798"',
    peers: '[]',
    track: '[]',
    lease: '"off"',
  });
  const { plan } = await loadText(text);
  t.match(plan?.routers, [
    {
      name: 'a.b-c_D9',
      vrid: 255,
      priority: 255,
      addresses: [
        { address: '198.51.100.1', length: 32 },
        { address: '192.0.2.200', length: 31 },
      ],
      advertInterval: 40_950_000,
      preempt: true,
      preemptDelay: 3_600_000_000,
      checksum: 'rfc5798',
      lease: null,
    },
  ]);
  const fast = await loadText(router('web', { advert_interval: '"10ms"', lease: '"1s"', preempt: 'false' }));
  t.match(fast.plan?.routers, [{ advertInterval: 10_000, lease: 1_000_000, preempt: false }]);
  const old = await loadText(
    router('old', {
      version: '2',
      addresses: '[{ address = "192.0.2.200/24", interface = "eth1", label = "eth1:web", scope = "link" }]',
      accept: 'false',
      peers: '["192.0.2.11", { address = "198.51.100.12", min_ttl = 250 }]',
      source: '"192.0.2.10"',
      password: '{ file = "/etc/holdfast/old.password" }',
    }),
  );
  t.strictSame(old.diagnostics, []);
  t.match(old.secrets, [{ router: 'old', password: { from: 'file', path: '/etc/holdfast/old.password' } }]);
  t.match(old.plan?.routers, [
    {
      version: 2,
      addresses: [{ address: '192.0.2.200', length: 24, interface: 'eth1', label: 'eth1:web', scope: 'link' }],
      accept: false,
      peers: [
        { address: '192.0.2.11', minTtl: 255, maxTtl: 255 },
        { address: '198.51.100.12', minTtl: 250, maxTtl: 255 },
      ],
      source: '192.0.2.10',
      password: null,
    },
  ]);
});

t.test('a password is in the plan and nowhere else', async t => {
  const texts = globSync('passwords*.toml', { cwd: golden }).map(file => readFileSync(join(golden, file), 'utf8'));
  for (const text of [...texts, router('old', { version: '2', password: '"hidden-7"' })]) {
    const { diagnostics } = await loadText(text);
    t.ok(diagnostics.length > 0);
    t.notMatch(JSON.stringify(diagnostics), 'hidden');
    for (const diagnostic of diagnostics) t.notMatch(render(diagnostic, text), 'hidden');
  }
});

/** Ways to write a password that are wrong in one way or another; `§` is the password. */
const BROKEN = [
  ...[
    'password = §',
    'password = "§',
    'password = "§" x',
    'password = "a", "§"',
    'password = "a" "§"',
    'password = = "§"',
    'password == "§"',
  ],
  ...[
    'password => §',
    'password=§;',
    'password: §',
    'password §',
    'password "§"',
    '"password" §',
    'password\n§',
    'password =\n§',
    'password =\n"§"',
  ],
  ...['password = # §', 'password =\n\n# then\n  §', 'password = "x" # old: §', 'password = x # old: §', 'password = { file = "x" } # §'],
  ...[
    'password = "§"\npassword = "§"',
    'password = [ "§" ]',
    'password = [\n"§",\n"x" y',
    'password = [\n["§"],\n"§" = 1',
    'password = 77§',
  ],
  ...[
    'password = { "§" }',
    'password = { § }',
    'password = { "§"',
    'password = { text = "§" }',
    'password = { "§" = 1 }',
    'password = {\n"§"\n}',
  ],
  ...['password = { "§" = 1, "§" = 2 }', 'password = { file = "x", "§" }', 'password = { file = "x", password = "§" y }'],
  ...['password = """§', 'password = """\n§\n\\q"""', 'password = """a""" §', "password = '''\n§", "password = '§", 'password = "\\§"'],
  ...[
    'password.§ = 1',
    'password."§" = 1',
    '"password"."§".x = 1',
    'password.§ = 1\npassword.§ = 2',
    'password.text = §',
    'password.file = "x" # §',
  ],
  ...[
    'pasword = §',
    'pw = §',
    'pw = { § }',
    'auth = §',
    'auth = { "§" }',
    'auth_pass = §',
    'auth_pass §',
    'PASSWD = §',
    'secret = "§" §',
    'psk §',
  ],
  ...['authentication {\n auth_type PASS\n auth_pass §\n}', 'authentication = { auth_type = "PASS", auth_pass = § }', 'authentication = §'],
  ...[
    'web = { password = "§", "§" }',
    'web = { password = { "§" } }',
    'web = { password = "a" } §',
    'set password = §',
    'export PASSWORD=§',
  ],
  ...['[vrrp.web] password = §', '[vrrp.web.password]\n"§" = 1', '[vrrp.web.password]\n§ = 1', '[vrrp.web.password]\n§'],
  ...[
    '[vrrp.web.password]\ntext = §',
    '[vrrp.web.password]\nfile = "x" # §',
    '[vrrp.web.password]\n"§" = 1\n"§" = 2',
    '[vrrp.web.password] §',
  ],
  ...['[vrrp.web.password."§"]\nx = 1', '[vrrp.web.password.§]\n"§" = 1', '[vrrp.web.password\n"§" = 1', '[[vrrp.web.password]]\n"§" = 1'],
  ...[
    '[vrrp.password]\n"§" = 1',
    '[vrrp.password]\ntext = "§"',
    '[password]\n"§" = 1',
    '[node.here.vrrp.web.password]\n"§" = 1',
    '[vrrp.web.pasword]\n"§" 1',
  ],
  ...[
    '[check.db]\ntype = "mysql"\npassword = "§"',
    '[check.db]\ntype = "mysql"\npassword = §',
    '[check.db]\ntype = "mysql"\npassword = { text = "§" }',
    '[check.db.password]\n"§" = 1',
    '[watchdog.db]\nprobe = { type = "mysql", password = "§" }',
    '[node.here.check.db]\npassword = "§"',
    'on_active = { post = "https://a/", secret = "§" }',
    'on_active = { post = "https://a/", secret = § }',
    'on_active = { post = "https://u:§@a/" }',
    '[check.page]\ntype = "http"\nurl = "http://u:§@127.0.0.1/"',
    '[check.page]\ntype = "http"\nurl = http://§@127.0.0.1/',
    '[check.page]\ntype = "http"\nurl = "http://a/"\nheaders = { Authorization = "Basic §" }',
    '[check.page]\ntype = "http"\nurl = "http://a/"\nheaders = { "X-Api-Key" = § }',
  ],
];

t.test('a password appears in no report, however broken the file is, in whole or in parts', { timeout: 60_000 }, async t => {
  const part = fc.string({
    unit: fc.constantFrom(...'abcdefghjkmnqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ0123456789'),
    minLength: 4,
    maxLength: 9,
  });
  const sign = fc.constantFrom('', '-', '.', '"', "'", ']', '}', '#', '=', ' ', '\\', ',', ': ', '\t', '{', '[', '$', 'ä');
  const secret = fc
    .tuple(part, sign, part)
    .map(([left, middle, right]) => ({ parts: [`7${left}`, `7${right}`], text: `7${left}${middle}7${right}` }));
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...BROKEN), secret, fc.boolean(), async (broken, { parts, text }, old) => {
      const written = `${router('web', old ? { version: '2' } : {})}${broken.replaceAll('§', () => text)}\n${router('db', { vrid: '52', addresses: '["192.0.2.201/24"]' })}`;
      const sources = [
        { file: 'holdfast.toml', text: written },
        { file: 'holdfast.d/a.toml', text: written },
      ];
      const { diagnostics } = await load(sources, 'here');
      if (diagnostics.length === 0) throw new Error('nothing is wrong with it');
      const said = JSON.stringify(diagnostics) + diagnostics.map(diagnostic => render(diagnostic, written)).join('\n');
      const leaked = parts.find(each => said.includes(each));
      if (leaked !== undefined)
        throw new Error(`${leaked} of ${text} leaks: ${said.slice(Math.max(0, said.indexOf(leaked) - 300)).slice(0, 400)}\n${written}`);
    }),
    { numRuns: 3_000, interruptAfterTimeLimit: 20_000 },
  );
  t.ok(BROKEN.length >= 80);
});

t.test('lays the settings of a machine over the common ones', async t => {
  const text = `${router('web')}
[node.edge-a.vrrp.web]
priority = 150
[node."edge-b.example.com".vrrp.web]
priority = 50
addresses = ["192.0.2.201/24"]
[node.edge-b.vrrp.extra]
interface = "eth1"
vrid = 9
addresses = ["198.51.100.1"]
`;
  for (const [node, self, named, routers] of [
    ['edge-a', 'edge-a', true, [['web', 150, '192.0.2.200']]],
    ['edge-a.example.com', 'edge-a', true, [['web', 150, '192.0.2.200']]],
    ['edge-b.example.com', 'edge-b.example.com', true, [['web', 50, '192.0.2.201']]],
    [
      'edge-b.example.net',
      'edge-b',
      true,
      [
        ['web', 100, '192.0.2.200'],
        ['extra', 100, '198.51.100.1'],
      ],
    ],
    ['edge-c', 'edge-c', false, [['web', 100, '192.0.2.200']]],
  ] as const) {
    const loaded = await loadText(text, node);
    t.strictSame([loaded.node, loaded.named], [self, named], node);
    t.strictSame(
      loaded.plan?.routers.map(spec => [spec.name, spec.priority, spec.addresses[0]?.address]),
      routers,
    );
  }
});

t.test('an error on another machine is an error', async t => {
  const text = `${router('web')}[node.edge-b.vrrp.db]\ninterface = "eth0"\nvrid = 51\naddresses = ["192.0.2.9"]\n`;
  t.strictSame(await diagnose(text, 'edge-a'), [
    'vrid-clash 7:8 virtual routers `web` and `db` have the same `vrid` 51 on eth0 (node `edge-b`)',
  ]);
  t.equal((await loadText(text, 'edge-a')).plan, null);
});

t.test('reads several files as one', async t => {
  const sources = [
    { file: 'holdfast.toml', text: router('web') },
    { file: 'holdfast.d/a.toml', text: '[vrrp.web]\npriority = 150\n' },
    { file: 'holdfast.d/b.toml', text: '' },
    { file: 'holdfast.d/c.toml', text: router('db', { vrid: '52', addresses: '["192.0.2.201"]' }) },
  ];
  const { plan, diagnostics } = await load(sources, 'here');
  t.strictSame(diagnostics, []);
  t.strictSame(
    plan?.routers.map(spec => [spec.name, spec.priority]),
    [
      ['web', 150],
      ['db', 100],
    ],
  );
});

t.test('a file that cannot be read stops the plan, and hides nothing else', async t => {
  const failure = { code: 'file-unreadable', message: 'the file may not be read', hint: 'let me', span: null } as const;
  const { plan, diagnostics } = await load(
    [
      { file: 'holdfast.toml', text: '[vrrp.web]\nvird = 1\n' },
      { file: 'holdfast.d/a.toml', text: '', failure },
    ],
    'here',
  );
  t.equal(plan, null);
  t.strictSame(
    diagnostics.map(({ code, file }) => [code, file]),
    [
      ['unknown-key', 'holdfast.toml'],
      ['file-unreadable', 'holdfast.d/a.toml'],
    ],
    'and nothing is said to be missing that may be in the other file',
  );
});

t.test('refuses a file of more than 1 MiB before it reads it', async t => {
  t.strictSame(await diagnose('['.repeat(MAX_BYTES + 1)), ['file-too-large - the file is larger than 1 MiB']);
  t.strictSame((await loadText(router('web') + ' '.repeat(900_000))).diagnostics, []);
});

t.test('takes a byte order mark and any line ends, and nothing at all for an empty configuration', async t => {
  t.strictSame(await diagnose(`\ufeff${router('web')}`), []);
  t.strictSame(await diagnose(router('web').replaceAll('\n', '\r\n')), []);
  t.strictSame(await diagnose(''), ['no-routers - there is no virtual router']);
  t.strictSame(
    (await load([], 'here')).diagnostics.map(diagnostic => diagnostic.code),
    ['no-routers'],
  );
  t.strictSame(await diagnose('a = "\0"'), ['syntax 1:6 the file contains the control character U+0000']);
});

t.test('a watchdog alone is a configuration, with a word about it', async t => {
  const text = '[watchdog.nginx]\nunit = "nginx.service"\nprobe = { type = "tcp", port = 80 }\n';
  const alone = await loadText(text);
  t.match(alone.diagnostics, [{ code: 'no-routers', severity: 'warning' }, { code: 'watchdog-untracked' }]);
  t.match(alone.plan, { routers: [], duties: { watchdogs: [{ name: 'nginx' }] } });
  const elsewhere = await loadText(
    `${text}[node.edge-a.vrrp.web]\ninterface = "eth0"\nvrid = 51\naddresses = ["192.0.2.200/24"]\n`,
    'edge-b',
  );
  t.match(
    elsewhere.diagnostics,
    [{ code: 'no-routers', severity: 'error' }, { code: 'watchdog-untracked' }],
    'for other machines it is a mistake',
  );
  t.equal(elsewhere.plan, null);
});

t.test('names the machine that the file does not know', async t => {
  const text = '[vrrp.web]\nvrid = 51\naddresses = ["192.0.2.200/24"]\n[node.edge-a.vrrp.web]\ninterface = "eth0"\n';
  t.strictSame((await loadText(text, 'edge-a')).diagnostics, []);
  const [missing, ...others] = (await loadText(text, 'laptop')).diagnostics;
  t.match(missing, {
    code: 'missing-key',
    message: 'virtual router `web` has no `interface` (node `laptop`)',
    hint: /--node NAME/,
  });
  t.strictSame(others, []);
});

t.test('the example in the manual is a configuration, for both machines', async t => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/holdfast.example.toml'), 'utf8');
  const priorities: unknown[] = [];
  for (const node of ['edge-a', 'edge-b']) {
    const { plan, diagnostics } = await loadText(text, node);
    t.strictSame(diagnostics, []);
    priorities.push(plan?.routers[0]?.priority);
  }
  t.strictSame(priorities, [150, 100]);
  const all = text.replaceAll(/^# (?=\[|[a-z_]+ = )/gm, '');
  t.not(all, text);
  const { plan, diagnostics } = await loadText(all, 'edge-b');
  t.match(diagnostics, [{ code: 'link-local-added' }], 'what is commented out is right too');
  t.equal(diagnostics.length, 1);
  t.match(
    plan?.routers.map(({ name, family, priority }) => [name, family, priority]),
    [
      ['web', 'ipv4', 100],
      ['mail', 'ipv4', 150],
      ['page', 'ipv4', 100],
      ['told', 'ipv4', 100],
      ['both', 'ipv4', 100],
      ['both', 'ipv6', 100],
      ['far', 'ipv4', 100],
      ['old', 'ipv4', 100],
    ],
  );
  const { checks = [], watchdogs = [], tracks = [], hooks = [] } = plan?.duties ?? {};
  t.strictSame([checks.length, watchdogs.length, tracks.length, hooks.length], [12, 1, 13, 1]);
  t.match(plan?.duties.http, { listen: { address: '127.0.0.1', port: 9112 }, token: { from: 'file' } });
  t.strictSame(new Set(checks.map(({ probe }) => probe.type)).size, Object.keys(TYPES).length, 'every type is there');
  for (const key of [ROUTER_KEYS, CHECK_KEYS, WATCHDOG_KEYS, HTTP_KEYS].flatMap(keys => Object.keys(keys)))
    t.match(text, new RegExp(`\\b${key} =`), key);
});

t.test('never throws, whatever the text', { timeout: 60_000 }, async t => {
  const examples = [...globSync('*.toml', { cwd: golden }).map(path => readFileSync(join(golden, path), 'utf8')), router('web')];
  const scrap = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.constantFrom('[', ']', '{', '"""', "'", '=', '\n', '#', '[vrrp.x]\n', '.'),
  );
  const edit = (text: string, [at, length, put]: readonly [number, number, string]): string => {
    const from = at % (text.length + 1);
    return text.slice(0, from) + put + text.slice(from + length);
  };
  const mutated = fc
    .tuple(fc.constantFrom(...examples), fc.array(fc.tuple(fc.nat(2_000), fc.nat(30), scrap), { minLength: 1, maxLength: 4 }))
    .map(([text, edits]) => edits.reduce(edit, text));
  const text = fc.oneof({ arbitrary: mutated, weight: 4 }, { arbitrary: fc.string({ unit: 'binary', maxLength: 200 }), weight: 1 });
  await fc.assert(
    fc.asyncProperty(text, text, fc.string(), async (first, second, node) => {
      const sources = [
        { file: 'a', text: first },
        { file: 'b', text: second },
      ];
      const loaded = await load(sources, node);
      for (const diagnostic of loaded.diagnostics) render(diagnostic, diagnostic.file === 'a' ? first : second);
      return (loaded.plan === null) === loaded.diagnostics.some(({ severity }) => severity === 'error');
    }),
    { numRuns: 1_000, interruptAfterTimeLimit: 15_000 },
  );
  t.pass('survived');
});
