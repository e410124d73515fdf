import { lockClass } from "../../database/platform-tables.ts";

// Advisory locks belong to one database: services in different databases never wait for each other.

/** Shared for each write of the service, exclusive for a swap; see {@link Changes.transaction}. */
export const writersLock = [lockClass, 1] as const;

/** Held by the session that runs an operation: one operation at a time, across processes and hosts. */
export const operationLock = [lockClass, 2] as const;

/** Held while a ledger entry is chained to the previous one. */
export const ledgerLock = [lockClass, 3] as const;

/** One lock for each operation, held by the session that runs it. An operation whose lock is free was interrupted. */
export const operationsClass = lockClass + 1;
