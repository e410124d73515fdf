import type { Clock, Logger } from "@earlybird-ops/platform";
import type { MailTransport } from "@earlybird-ops/platform/alerts";
import { sql } from "kysely";
import type { DeliveryDatabase } from "../database.ts";

const lookEveryMs = 2_000;
const firstRetryMs = 10_000;
const longestRetryMs = 30 * 60_000;

/** A mail that nobody accepts for a day is given up. */
const giveUpAfterMs = 24 * 3_600_000;

export interface MailSenderOptions {
  db: DeliveryDatabase;
  transport: MailTransport;
  log: Pick<Logger, "warn">;
  clock: Clock;
}

/**
 * Sends what is queued, oldest first, with growing pauses after a failure. Instances share the work: a mail is locked
 * while it is sent. One whose server dies between accepting it and our commit is sent twice.
 */
export class MailSender {
  readonly #options: MailSenderOptions;
  #timer: NodeJS.Timeout | undefined;
  #working: Promise<void> | undefined;

  constructor(options: MailSenderOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => void this.sendAll(), lookEveryMs);
    this.#timer.unref();
  }

  /** Sends due mails and waits for those in progress. Never fails: what goes wrong is logged, and tried again. */
  sendAll(): Promise<void> {
    this.#working ??= this.#sendDue()
      .catch((err: unknown) => this.#options.log.warn({ err }, "queued mail could not be read"))
      .finally(() => {
        this.#working = undefined;
      });
    return this.#working;
  }

  /** Ends after the mail that is being sent. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#working;
    this.#options.transport.close();
  }

  async #sendDue(): Promise<void> {
    while (await this.#sendOne());
  }

  /** Whether there was one. */
  #sendOne(): Promise<boolean> {
    const { db, transport, log, clock } = this.#options;
    return db.transaction().execute(async (tx) => {
      const mail = await tx
        .selectFrom("mail_outbox")
        .selectAll()
        .where("next_at", "<=", clock.now())
        .orderBy("next_at")
        .limit(1)
        .forUpdate()
        .skipLocked()
        .executeTakeFirst();
      if (!mail) return false;
      try {
        await transport.send({ to: mail.recipient, subject: mail.subject, text: mail.body });
        await tx.deleteFrom("mail_outbox").where("id", "=", mail.id).execute();
      } catch (error) {
        const now = clock.now().getTime();
        const givenUp = now - mail.created_at.getTime() >= giveUpAfterMs;
        // Neither the recipient nor the body: a mail may hold a secret.
        log.warn(
          { err: error, mail: mail.id, attempts: mail.attempts + 1 },
          givenUp ? "a mail was given up" : "a mail was not sent",
        );
        if (givenUp) await tx.deleteFrom("mail_outbox").where("id", "=", mail.id).execute();
        else {
          const pauseMs = Math.min(firstRetryMs * 2 ** mail.attempts, longestRetryMs);
          await tx
            .updateTable("mail_outbox")
            .set({ attempts: sql`attempts + 1`, next_at: new Date(now + pauseMs) })
            .where("id", "=", mail.id)
            .execute();
        }
      }
      return true;
    });
  }
}
