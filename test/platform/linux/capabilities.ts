// Which capabilities are missing, seen by processes that have been robbed of some. Must not know what they are for.
import t from 'tap';
import { missingCapabilities } from '../../../src/platform/linux/capabilities.ts';
import { start } from '../../fixtures/running.ts';
import { result, source } from '../../fixtures/snippet.ts';

const needs = { skip: process.getuid?.() === 0 ? false : 'needs root: it gives capabilities away' };
const ASK = `
  import { missingCapabilities } from ${source('platform/linux/capabilities.ts')};
  console.log(JSON.stringify(missingCapabilities(['CAP_NET_ADMIN', 'CAP_NET_RAW'])));`;
const asked = (...without: readonly string[]) =>
  result(ASK, command => start(['setpriv', `--bounding-set=${['+all', ...without.map(name => `-${name}`)].join(',')}`, '--', ...command]));

t.test('what is effective is not missing', needs, async t => {
  t.same(missingCapabilities(['CAP_NET_ADMIN', 'CAP_NET_RAW']), []);
  t.same(missingCapabilities([]), []);
  t.same(await asked(), []);
});

t.test('what was taken away is missing', needs, async t => {
  t.same(await asked('net_raw'), ['CAP_NET_RAW']);
  t.same(await asked('net_admin'), ['CAP_NET_ADMIN']);
  t.same(await asked('net_admin', 'net_raw'), ['CAP_NET_ADMIN', 'CAP_NET_RAW']);
  t.same(await asked('sys_nice'), [], 'nobody asked for that');
});

t.test('so it is for an ordinary user, and not for one who was given them', needs, async t => {
  const as = (...options: readonly string[]) =>
    result(ASK, command => start(['setpriv', '--reuid=65534', '--clear-groups', ...options, '--', ...command]));
  t.same(await as(), ['CAP_NET_ADMIN', 'CAP_NET_RAW']);
  t.same(await as('--inh-caps=+net_admin,+net_raw', '--ambient-caps=+net_admin,+net_raw'), []);
});
