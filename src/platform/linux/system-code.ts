// The errno name of what Node throws for the world.
// Must not know what was tried.

/** @throws what is no error of a system call, since that is our own bug */
export function systemCode(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  throw error;
}
