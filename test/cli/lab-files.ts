// src/cli/lab-files.ts: from files to the nodes of a laboratory.
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { planOf, usualPlan } from '../../src/cli/lab-files.ts';
import type { Plan } from '../../src/lab/laboratory.ts';
import { smallLab } from '../fixtures/lab-machine.ts';

const WEB = '[vrrp.web]\ninterface = "eth0"\nvrid = 51\naddresses = ["192.0.2.200/24"]\n';
const WATCHED = `${WEB}track = ["nginx"]\n[watchdog.nginx]\nunit = "nginx.service"\nprobe = { type = "http", url = "http://127.0.0.1/" }\n`;

type Files = Readonly<Record<string, string | Readonly<Record<string, string>>>>;

async function planned(t: Test, files: Files, ...names: readonly string[]) {
  const folder = t.testdir(files);
  return planOf(
    smallLab(),
    names.map(name => join(folder, name)),
    false,
  );
}

function plan(value: Awaited<ReturnType<typeof planned>>): Plan {
  if ('code' in value) throw new Error(value.words);
  return value;
}

t.test('the usual one, with nginx and without', async t => {
  const { wish, topology, nodes, notes } = usualPlan(smallLab(), 3);
  t.same([wish, topology.nodes.length, notes], ['3 nodes', 3, []]);
  t.same(
    [...nodes].map(([name, { page }]) => [name, page]),
    [
      ['edge-a', 'watched'],
      ['edge-b', 'watched'],
      ['edge-c', 'watched'],
    ],
  );
  const bare = usualPlan(smallLab(false), 2);
  t.same(
    [...bare.nodes.values()].map(({ page }) => page),
    ['built-in', 'built-in'],
  );
  t.match(bare.notes, [/^nginx is not installed here/]);
});

t.test('a file for each node', async t => {
  const { topology, nodes, notes } = plan(await planned(t, { 'a.toml': WATCHED, 'b.toml': WEB }, 'a.toml', 'b.toml'));
  t.same(
    topology.nodes.map(({ name }) => name),
    ['a', 'b'],
  );
  t.same(
    [...nodes.values()].map(({ page }) => page),
    ['watched', 'nginx'],
  );
  t.same(notes, ['a, b: eth0 is hf0', "a: watchdog nginx: the lab's own nginx stands in for nginx.service"]);
  const same = plan(
    await planned(t, { one: { 'holdfast.toml': WEB }, two: { 'holdfast.toml': WEB } }, 'one/holdfast.toml', 'two/holdfast.toml'),
  );
  t.same(
    same.topology.nodes.map(({ name }) => name),
    ['edge-a', 'edge-b'],
    'files of one name',
  );
});

t.test('one file for several machines, with its drop-ins', async t => {
  const files = {
    'h.toml': WEB,
    'h.d': { 'x.toml': '[node."fw-1.example.org".vrrp.web]\npriority = 150\n[node.FW-2.vrrp.web]\npriority = 120\n' },
  };
  const { topology, nodes } = plan(await planned(t, files, 'h.toml'));
  t.same(
    topology.nodes.map(({ name }) => name),
    ['fw-1', 'fw-2'],
  );
  t.match(nodes.get('fw-1')?.text, 'priority = 150');
  t.match(nodes.get('fw-2')?.text, 'priority = 120');
});

t.test('what cannot be had', async t => {
  const refused = async (files: Files, code: number, words: RegExp, ...names: readonly string[]) =>
    t.match(await planned(t, files, ...names), { code, words }, String(words));
  await refused({ 'a.toml': WEB }, 2, /one file is one node/, 'a.toml');
  await refused({}, 78, /nope\.toml: there is no such file/, 'nope.toml');
  await refused({ 'a.toml': WEB }, 78, /file-missing[\s\S]*cannot be used for nope/, 'a.toml', 'nope.toml');
  await refused({ 'a.toml': `${WEB}prio = 7\n`, 'b.toml': WEB }, 78, /unknown-key[\s\S]*a\.toml:5:1/, 'a.toml', 'b.toml');
  await refused({ 'a_b.toml': WEB, 'b.toml': WEB }, 2, /a_b .* cannot be a node here/, 'a_b.toml', 'b.toml');
  const silent = `${WEB}accept = false\n`;
  await refused({ 'a.toml': silent, 'b.toml': silent }, 2, /no virtual address that a client could ask/, 'a.toml', 'b.toml');
  const many = Array.from({ length: 9 }, (_, i) => `n${i}.toml`);
  await refused({}, 2, /9 files are too many, 8 at most/, ...many);
  await refused({ 'a.toml': WEB + many.map((_, i) => `[node.n${i}]\n`).join('') }, 2, /9 machines are too many/, 'a.toml');
});
