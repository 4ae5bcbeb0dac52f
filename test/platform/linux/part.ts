// A module that is compiled from its text: what it may ask for, and how its errors name it. test/binary shows that the parts are
// in the executable and nowhere else. Must not know any part.
import t from 'tap';
import { evaluate, loadPart } from '../../../src/platform/linux/part.ts';

t.test('its exports, whichever way it gives them', async t => {
  t.same(evaluate('exports.answer = 42;', 'a.cjs'), { answer: 42 });
  t.equal(evaluate('module.exports = 42;', 'a.cjs'), 42);
  t.same(evaluate('this.odd = typeof this; exports.here = typeof __dirname;', 'a.cjs'), { here: 'undefined' }, 'no file, so no folder');
});

t.test('it gets what Node has built in, and nothing that lies on the disk', async t => {
  t.equal(evaluate('module.exports = require("node:net").isIP("::1") + require("net").isIP("::1");', 'a.cjs'), 12);
  for (const name of ['tap', './part.ts', '/etc/passwd', 'pg-native', 'node:nothing']) {
    t.throws(() => evaluate(`require(${JSON.stringify(name)})`, 'a.cjs'), {
      code: 'MODULE_NOT_FOUND',
      message: `Cannot find module '${name}'`,
    });
  }
});

t.test('stack traces name it and the line', async t => {
  const fail = evaluate('// one line\nmodule.exports = () => { throw new Error("oh"); };', 'holdfast/mysql.cjs');
  try {
    if (typeof fail === 'function') fail();
    t.fail('did not throw');
  } catch (error) {
    t.match(String(error instanceof Error && error.stack), /holdfast\/mysql\.cjs:2:/);
  }
});

t.test('a part that nobody has built', async t => {
  t.throws(() => loadPart('nothing'), { code: 'ENOENT', message: /dist\/parts\/nothing\.cjs/ });
});
