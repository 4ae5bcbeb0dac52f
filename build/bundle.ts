// Bundles src/main.ts and what it needs into dist/main.cjs with esbuild.
// Must not know the executable around it. One file in CommonJS: a V8 code cache allows no real import(), and esbuild
// turns those of our own modules into functions that are run when they are asked for.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build, type Plugin } from 'esbuild';

const root = dirname(import.meta.dirname);
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

// Inside the executable there is no node_modules: what raw-socket would load from there comes from our loader.
const loader = JSON.stringify(join(root, 'src/platform/linux/native.ts'));
const addons: Plugin = {
  name: 'addons',
  setup(bundler) {
    bundler.onResolve({ filter: /^\.\/build\/Release\/raw\.node$/ }, () => ({ path: 'raw', namespace: 'addon' }));
    bundler.onLoad({ filter: /^raw$/, namespace: 'addon' }, () => ({
      contents: `module.exports = require(${loader}).load('raw');`,
      resolveDir: root,
    }));
  },
};

// zod carries its messages in 50 languages; ours are written in src/config.
const oneLanguage: Plugin = {
  name: 'one-language',
  setup(bundler) {
    bundler.onLoad({ filter: /zod\/v4\/locales\/index\.js$/ }, () => ({ contents: "export { default as en } from './en.js';" }));
  },
};

const outfile = join(root, 'dist/main.cjs');
await build({
  absWorkingDir: root,
  entryPoints: ['src/main.ts'],
  outfile,
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  // Not minified: Node prints the source line of an uncaught error, which would be the whole program.
  minify: false,
  define: { HOLDFAST_VERSION: JSON.stringify(version), 'import.meta.dirname': '__dirname' },
  plugins: [addons, oneLanguage],
  logLevel: 'warning',
});

// V8 keeps a source with one character beyond Latin-1 at two bytes each, in both processes. esbuild escapes those in code;
// what is left stands in comments.
writeFileSync(outfile, readFileSync(outfile, 'utf8').replaceAll(/[^\t\n\x20-\x7e]/g, ' '));
