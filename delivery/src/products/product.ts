import { defineFailure } from "@earlybird-ops/platform";
import { z } from "zod";

/** A product in a response of the API. */
export const productView = z.object({
  id: z.string(),
  name: z.string(),
  category: z.string(),
  unit: z.string(),
  price_paise: z.int(),
  active: z.boolean(),
});

/** The columns that a {@link productView} needs. */
export const productColumns = ["id", "name", "category", "unit", "price_paise", "active"] as const;

export const productNotFound = defineFailure({
  code: "EB_PRODUCT_NOT_FOUND",
  status: 404,
  detail: "There is no product {id}.",
  remedy: "GET /api/products lists the products.",
});

/** Said when something is to be ordered that cannot be. */
export const productUnavailable = defineFailure({
  code: "EB_PRODUCT_UNAVAILABLE",
  status: 422,
  detail: "There is no product {id}, or it is no longer sold.",
  remedy: "GET /api/products?active=true lists what can be ordered.",
});
