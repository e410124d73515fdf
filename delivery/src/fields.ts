import { z } from "zod";

/** The fields of requests. All are bounded, so that every accepted value can be stored. */

/** An id of any table, in either format. */
export const id = z.string().min(1).max(64);

/** A day that exists, as `YYYY-MM-DD`. */
export const calendarDate = z.iso.date().refine((date) => date >= "2000-01-01", "must be after 1999");

/** A month, as `YYYY-MM`. */
export const month = z.string().regex(/^20\d\d-(0[1-9]|1[0-2])$/, "must be a month as YYYY-MM");

export const quantity = z.int().min(1).max(1_000);

/** Money in whole paise, up to ten lakh rupees. */
export const paise = z.int().min(0).max(100_000_000);

export const name = z.string().trim().min(1).max(120);

export const address = z.string().trim().min(1).max(300);

export const note = z.string().trim().max(500);

export const phone = z
  .string()
  .trim()
  .regex(/^\+?\d[\d -]{5,18}\d$/, "must be a phone number, 7 to 20 digits");

/**
 * Lower case, as addresses are stored. `customer-<id>@earlybird.local` is reserved: step 21 links such a login to the
 * customer. Only ASCII is valid, so that no similar letter can imitate a reserved address.
 */
export const email = z
  .string()
  .trim()
  .toLowerCase()
  .max(254)
  .pipe(
    z.email().regex(/^(?!customer-.*@earlybird\.local$)/, "must not be an address reserved for customers"),
  );

/** A new password: length matters more than special characters. */
export const newPassword = z.string().min(10).max(200);

/** A search term of a list. */
export const searchText = z.string().trim().min(1).max(100);

/** A boolean in a query string. */
export const flag = z.enum(["true", "false"]).transform((value) => value === "true");

/** The body of a PATCH: any of these fields, and at least one. */
export const changeOf = <Fields extends z.ZodRawShape>(fields: Fields) =>
  z
    .strictObject(fields)
    .partial()
    .refine((body) => Object.keys(body).length > 0, "must change something");
