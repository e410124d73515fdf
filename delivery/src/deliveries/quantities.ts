import { defineFailure } from "@earlybird-ops/platform";
import { z } from "zod";
import type { DeliveredItem, OrderItem } from "../database.ts";
import { id } from "../fields.ts";

/** The outcomes of a delivery. */
export const confirmableOutcomes = ["delivered", "partially_delivered", "shortage", "failed"] as const;
export type Outcome = (typeof confirmableOutcomes)[number];

/** The items handed over. The recorded quantity ordered and the status of each line follow from the order. */
export const handedOverItems = z
  .array(
    z.strictObject({
      product_id: id,
      // Negative quantities are accepted here: only step 26 refuses them.
      delivered_qty: z.int().min(-1_000).max(1_000),
      ordered_qty: z.int().min(0).max(1_000).optional(),
      status: z.enum(["full", "partial", "shortage"]).optional(),
    }),
  )
  .min(1)
  .max(50);

export type HandedOver = z.infer<typeof handedOverItems>[number];

const quantityRefused = defineFailure({
  code: "EB_DELIVERED_QUANTITY",
  status: 422,
  detail: "{detail}",
  remedy: "Send a quantity for each product of the order, from 0 to the ordered quantity.",
});

/**
 * Step 26: compares the items handed over with the order. Without a list, everything was handed over (or nothing, for
 * `shortage` and `failed`); products missing from a list were not handed over.
 *
 * @returns the items to record, and the outcome that follows from them, whatever the request claims
 * @throws Failure EB_DELIVERED_QUANTITY for unknown and repeated products, negative quantities, more than
 *   was ordered, and for a partial delivery without a list
 */
export const compareQuantities = (
  ordered: readonly Pick<OrderItem, "product_id" | "quantity">[],
  { outcome, items }: { outcome: Outcome; items: readonly HandedOver[] | undefined },
): { outcome: Outcome; items: DeliveredItem[] } => {
  if (outcome === "partially_delivered" && !items) {
    throw quantityRefused({ detail: "A partial delivery must say what was handed over." }, { step: 26 });
  }
  const orderedQuantities = new Map(ordered.map(({ product_id, quantity }) => [product_id, quantity]));
  const delivered = new Map<string, number>();
  for (const item of items ?? []) {
    check(item, orderedQuantities, delivered);
    delivered.set(item.product_id, item.delivered_qty);
  }
  const unlisted = items === undefined && outcome === "delivered" ? Number.POSITIVE_INFINITY : 0;
  const compared = [...orderedQuantities].map(([product_id, ordered_qty]): DeliveredItem => {
    const nothing = outcome === "failed";
    const claimed = nothing ? 0 : (delivered.get(product_id) ?? unlisted);
    const delivered_qty = Math.min(claimed, ordered_qty);
    const status = delivered_qty === ordered_qty ? "full" : delivered_qty === 0 ? "shortage" : "partial";
    return { product_id, ordered_qty, delivered_qty, status };
  });
  return { outcome: outcome === "failed" ? "failed" : outcomeOf(compared), items: compared };
};

const check = (
  { product_id, delivered_qty, ordered_qty }: HandedOver,
  ordered: ReadonlyMap<string, number>,
  seen: ReadonlyMap<string, number>,
): void => {
  const wanted = ordered.get(product_id);
  if (wanted === undefined)
    throw quantityRefused({ detail: `Product ${product_id} is not part of the order.` }, { step: 26 });
  if (seen.has(product_id))
    throw quantityRefused({ detail: `Product ${product_id} is listed twice.` }, { step: 26 });
  if (ordered_qty !== undefined && ordered_qty !== wanted) {
    throw quantityRefused(
      { detail: `Of ${product_id} ${wanted} were ordered, not ${ordered_qty}.` },
      { step: 26 },
    );
  }
  if (delivered_qty < 0)
    throw quantityRefused({ detail: `Of ${product_id} a negative quantity was sent.` }, { step: 26 });
  if (delivered_qty > wanted) {
    throw quantityRefused(
      {
        detail: `Of ${product_id} ${wanted} were ordered, ${delivered_qty} cannot be delivered.`,
      },
      { step: 26 },
    );
  }
};

const outcomeOf = (items: readonly DeliveredItem[]): Outcome => {
  if (items.every(({ status }) => status === "full")) return "delivered";
  return items.every(({ status }) => status === "shortage") ? "shortage" : "partially_delivered";
};
