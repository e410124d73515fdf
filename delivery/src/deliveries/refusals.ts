import type { Failure, Logger } from "earlybird";
import { sql } from "kysely";
import type { ApiContext } from "../context.ts";
import { ids } from "../ids/index.ts";
import { isPhantomDelivery } from "./dates.ts";

/**
 * Runs a confirmation, and keeps a record of its refusal when step 27 refuses it: from these records the step
 * knows what its rollback would let pass. The refusal stands in any case: a record that cannot be written is
 * only logged.
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

/** In a transaction of its own: the one that was refused has left nothing behind. */
const record = ({ changes, clock }: Pick<ApiContext, "changes" | "clock">, { code, extra }: Failure) =>
  changes.transaction(async (tx, active) => {
    // The table goes and comes with the step, which may have been rolled back since the refusal.
    if (!active.has("delivery-dates")) return;
    await sql`
      insert into refused_confirmations (order_id, delivery_date, code, at)
      select id, ${extra.delivery_date}::date, ${code}, ${clock.now()} from orders
      where id in ${ids.eitherStyle("orders", sql`${extra.order_id}::text`)}`.execute(tx);
  });
