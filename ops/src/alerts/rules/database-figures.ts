import type { Details, Observed } from "./rule.ts";

/** What the database is busy with, as far as it is known and says something: for alerts whose cause may lie there. */
export const databaseFigures = ({ pool, details }: Observed["database"]): Details => {
  const { connections, longest_transaction, lock_waits } = details ?? {};
  return {
    ...(pool.size > 0 && { pool: `${pool.in_use} of ${pool.size} in use, ${pool.waiting} waiting` }),
    ...(connections && { connections: `${connections.used} of ${connections.max}` }),
    ...(lock_waits && lock_waits.waiting > 0 && { lock_waits: describeLocks(lock_waits) }),
    ...(longest_transaction &&
      longest_transaction.seconds >= 5 && { longest_transaction: describeTransaction(longest_transaction) }),
  };
};

const describeLocks = ({ waiting, longest_seconds }: { waiting: number; longest_seconds: number }): string =>
  `${waiting} ${waiting === 1 ? "session" : "sessions"}, up to ${Math.round(longest_seconds)} s`;

const describeTransaction = ({
  seconds,
  application,
}: {
  seconds: number;
  application: string | null;
}): string => `${Math.round(seconds)} s${application ? ` (${application})` : ""}`;
