import type { Failure, Logger } from "@earlybird-ops/platform";
import { sql } from "kysely";
import type { ApiContext } from "../context.ts";
import { ids } from "../ids/index.ts";
import { isPhantomDelivery } from "./dates.ts";

/**
 * Runs a confirmation and records its refusal by step 27: the records show what a rollback of the step would permit. The
 * refusal stands in any case: a record that cannot be written is only logged.
 */
export const recordingRefusals = async <T>(
  context: Pick<ApiContext, "changes" | "clock">,
  log: Pick<Logger, "warn">,
  confirm: () => Promise<T>,
): Promise<T> => {
  try {
    return await confirm();
  } catch (error) {
    if (isPhantomDelivery(error)) {
      await record(context, error).catch((err: unknown) =>
        log.warn({ err }, "a refused confirmation could not be recorded"),
      );
    }
    throw error;
  }
};

/** In a separate transaction: the refused one was rolled back. */
const record = ({ changes, clock }: Pick<ApiContext, "changes" | "clock">, { code, extra }: Failure) =>
  changes.transaction(async (tx, active) => {
    // The table belongs to the step, which can have been rolled back since the refusal.
    if (!active.has("delivery-dates")) return;
    await sql`
      insert into refused_confirmations (order_id, delivery_date, code, at)
      select id, ${extra.delivery_date}::date, ${code}, ${clock.now()} from orders
      where id in ${ids.eitherStyle("orders", sql`${extra.order_id}::text`)}`.execute(tx);
  });
