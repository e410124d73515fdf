import { Failure } from "earlybird";
import { z } from "zod";
import { roles } from "../database.ts";

/** A user in a response of the API. It never includes the hash of the password. */
export const userView = z.object({
  id: z.string(),
  email: z.string(),
  name: z.string(),
  phone: z.string().nullable(),
  role: z.enum(roles),
  active: z.boolean(),
  customer_id: z.string().nullable(),
  created_at: z.date(),
});

/** The columns that a {@link userView} needs. */
export const userColumns = [
  "id",
  "email",
  "name",
  "phone",
  "role",
  "active",
  "customer_id",
  "created_at",
] as const;

export const userNotFound = (id: string) =>
  new Failure("EB_USER_NOT_FOUND", 404, `There is no user ${id}.`, "GET /api/users lists the users.");

/** Said to an admin who would shut themselves out. */
export const notYourself = () =>
  new Failure(
    "EB_NOT_YOURSELF",
    409,
    "An admin cannot take the role or the login from themselves: there might be no admin left.",
    "Ask another admin to do it.",
  );
