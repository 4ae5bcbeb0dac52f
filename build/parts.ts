// The parts of the program that are kept apart from its bundle, each with the source that it begins with.
// Must not know how they are bundled or loaded.

/** `entry` is imported with import() only; `name` is that of the file in dist/parts, and of the asset, without `.cjs`. */
export const PARTS = [
  { name: 'mysql', entry: 'src/platform/linux/probe/mysql.ts' },
  { name: 'postgres', entry: 'src/platform/linux/probe/postgres.ts' },
  { name: 'redis', entry: 'src/platform/linux/probe/redis.ts' },
  { name: 'regex', entry: 'src/check/regex.ts' },
] as const;
