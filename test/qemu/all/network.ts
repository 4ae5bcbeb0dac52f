// Stories of network.toml: a VLAN on a bond of two cards. Cables of the bond are pulled; the routers of the VLAN hear each other.
// Must not need VLANs on this machine: what is in the VLAN is asked from inside it, by a user who logged in on the other box.
import { BOX_A, BOX_B, type Box, type Files, filesOf, INTERVAL_MS, LAN } from '../harness/config.ts';
import { bootPair, judgeGap, oneHolder, quietGap } from '../harness/pair.ts';
import { makeKeys, whyNoSsh } from '../harness/ssh.ts';
import { story } from '../harness/story.ts';

const INNER_VIP = '10.78.0.200';
const inner = (box: Box) => box.address.replace('10.77', '10.78');

function files(box: Box): Files {
  const usual = filesOf(box);
  const holdfast = `${usual['holdfast.toml']?.replace(`"${LAN}"`, '"bond0"')}
[vrrp.inner]
interface = "vlan77"
vrid = 77
addresses = ["${INNER_VIP}/24"]

[node.${BOX_A.host}.vrrp.inner]
priority = 150
`;
  const network = `[interface.bond0]
addresses = ["${box.address}/24"]
bond = { members = ["${LAN}", "ens4"] }

[interface.vlan77]
addresses = ["${inner(box)}/24"]
vlan = { id = 77, on = "bond0" }
`;
  return { ...usual, 'network.toml': network, 'holdfast.toml': holdfast };
}

await story('VLAN and bond', { limitMs: 900_000, missing: whyNoSsh() }, async (t, stage) => {
  const keys = await makeKeys(stage.network);
  const { a } = await bootPair(stage, { files: box => ({ ...files(box), ...keys.files }), guest: { cards: 2 } });
  await oneHolder(t, stage, BOX_A, 5 * INTERVAL_MS);

  await t.test('the routers of the VLAN hear each other', async t => {
    const page = await keys.insideOnceUp(BOX_B, `wget -q -T 5 -O - http://${INNER_VIP}/`);
    t.equal(page.trim(), BOX_A.host, 'box-a serves the address in the VLAN, and box-b reaches it there');
    const addresses = await keys.inside(BOX_B, 'ip -o address show dev vlan77');
    t.notMatch(addresses, INNER_VIP, 'box-b does not have it');
  });

  for (const card of [0, 1] as const) {
    await t.test(`cable ${card} of the bond is pulled and put back`, async t => {
      const own = await quietGap(stage, BOX_A);
      const pulled = await a.pullCable(card);
      await oneHolder(t, stage, BOX_A, 5 * INTERVAL_MS);
      await a.putCableBack(card);
      await oneHolder(t, stage, BOX_A, 5 * INTERVAL_MS);
      // The bond looks at its links every 100 ms.
      judgeGap(t, stage, `cable ${card}`, pulled, 500, own);
    });
  }
});
