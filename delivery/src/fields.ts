import { z } from "zod";

/** What a field of a request may hold. Everything is bounded: nothing that cannot be stored gets further. */

/** An id of either style, of any kind: whether it exists is for the query to say. */
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
 * Lower case, as addresses are kept. `customer-<id>@earlybird.local` says whose login it is, which step 21 believes: such
 * logins come with a customer, and nobody takes one. Only ASCII passes, so no other letter stands for one of these.
 */
export const email = z
  .string()
  .trim()
  .toLowerCase()
  .max(254)
  .pipe(
    z.email().regex(/^(?!customer-.*@earlybird\.local$)/, "must not be an address reserved for customers"),
  );

/** A password to be: long rather than odd. */
export const newPassword = z.string().min(10).max(200);

/** What a list may be searched for. */
export const searchText = z.string().trim().min(1).max(100);

/** A boolean in a query string. */
export const flag = z.enum(["true", "false"]).transform((value) => value === "true");

/** The body of a PATCH: any of these fields, and at least one. */
export const changeOf = <Fields extends z.ZodRawShape>(fields: Fields) =>
  z
    .strictObject(fields)
    .partial()
    .refine((body) => Object.keys(body).length > 0, "must change something");
