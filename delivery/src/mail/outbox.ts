import type { Kysely } from "kysely";
import type { Tables } from "../database.ts";

/** A mail to one person, as plain text. */
export interface Mail {
  recipient: string;
  subject: string;
  body: string;
}

/** Queues a mail in the caller's transaction: it is sent if, and only if, that transaction commits. */
export const queueMail = async (tx: Kysely<Tables>, mail: Mail, now: Date): Promise<void> => {
  await tx
    .insertInto("mail_outbox")
    .values({ ...mail, created_at: now, next_at: now })
    .execute();
};
