import { Failure } from "earlybird";
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

export const productNotFound = (id: string) =>
  new Failure(
    "EB_PRODUCT_NOT_FOUND",
    404,
    `There is no product ${id}.`,
    "GET /api/products lists the products.",
  );

/** Said when something is to be ordered that cannot be. */
export const productUnavailable = (id: string) =>
  new Failure(
    "EB_PRODUCT_UNAVAILABLE",
    422,
    `There is no product ${id}, or it is no longer sold.`,
    "GET /api/products?active=true lists what can be ordered.",
  );
