import { lockClass } from "../../database/platform-tables.ts";

// Advisory locks belong to one database: two services in two databases never wait for each other.

/** Held shared by each domain write, exclusively by a swap: see {@link Changes.transaction}. */
export const writersLock = [lockClass, 1] as const;

/** Held by the session of whoever runs an operation: one at a time, across processes and machines. */
export const operationLock = [lockClass, 2] as const;

/** Held while a ledger entry is chained to the one before it. */
export const ledgerLock = [lockClass, 3] as const;

/** One for each operation, held by the session that carries it out: an operation without it has lost its process. */
export const operationsClass = lockClass + 1;
