import { defineFailure } from "@earlybird-ops/platform";
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

export const userNotFound = defineFailure({
  code: "EB_USER_NOT_FOUND",
  status: 404,
  detail: "There is no user {id}.",
  remedy: "GET /api/users lists the users.",
});

/** Said to an admin who would shut themselves out. */
export const notYourself = defineFailure({
  code: "EB_NOT_YOURSELF",
  status: 409,
  detail: "You cannot remove your own admin role or deactivate your own login.",
  remedy: "Ask another admin to do it.",
});
