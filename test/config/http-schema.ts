// Tests src/config/http-schema.ts: every key is described, where one can listen and where not.
import t from 'tap';
import { HTTP_KEYS, httpTable, showEndpoint } from '../../src/config/http-schema.ts';
import type { Address } from '../../src/vrrp/address.ts';
import { said } from '../fixtures/diagnose.ts';
import { descriptionFlaws } from '../fixtures/read-value.ts';

t.test('every key has a description and an example', async t => {
  t.strictSame(descriptionFlaws(HTTP_KEYS), []);
  for (const [key, schema] of Object.entries(HTTP_KEYS)) t.ok(schema.meta()?.examples, `${key} has an example`);
});

t.test('the default is this machine alone', async t => {
  t.strictSame(httpTable.parse({}), { listen: { address: '127.0.0.1', port: 9112 } });
});

t.test('endpoints, read and shown', async t => {
  for (const text of ['127.0.0.1:9112', '[::1]:9112', '0.0.0.0:1', '[::]:65535', '[2001:db8::1]:80']) {
    const { listen } = httpTable.parse({ listen: text });
    t.equal(showEndpoint(listen), text);
  }
  t.equal(showEndpoint({ address: '::1' as Address, port: 80 }), '[::1]:80');
});

const listens = async (value: string) =>
  (await said(`[http]\nlisten = ${value}\n[vrrp.web]\ninterface = "eth0"\nvrid = 51\naddresses = []\n`))[0];

t.test('what is no endpoint says what to write', async t => {
  for (const [value, words] of [
    ['9112', /wrong-type: `listen` must be text in quotes, not a number \(for example `listen = "127.0.0.1:9112"`\)/],
    ['"9112"', /bad-address: `9112` is not an address with a port/],
    ['":9112"', /bad-address: there is no address before the port \(all IPv4 addresses are "0.0.0.0"/],
    ['"127.0.0.1"', /bad-address: `127.0.0.1` has no port \(write `listen = "127.0.0.1:9112"`\)/],
    ['"::1"', /bad-address: `::1` has no port \(write `listen = "\[::1\]:9112"`\)/],
    ['"localhost:80"', /bad-address: names are not looked up here \(write `listen = "127.0.0.1:80"`\)/],
    ['"web.example:80"', /bad-address: `web.example` is not an IP address; an IPv6 address stands in brackets/],
    ['"[127.0.0.1]:80"', /bad-address: `127.0.0.1` is not an IP address/],
    ['"127.0.0.1:0"', /bad-address: 0 is no port: 1 to 65535/],
    ['"127.0.0.1:65536"', /bad-address: 65536 is no port/],
  ] as const)
    t.match(await listens(value), words, value);
});
