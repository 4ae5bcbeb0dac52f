// Exit statuses of every verb; scripts rely on them.
// Must not know who uses them.

export const EXIT = { done: 0, failed: 1, usage: 2, unreachable: 3, configuration: 78 } as const;
