import { z } from "zod";

/** What settings are made of: everything comes as text. */
export const text = z.string().min(1);

export const port = z.coerce.number("must be a number").int("must be a whole number").min(1).max(65535);

export const switchedOn = z
  .enum(["true", "false"], "must be true or false")
  .transform((word) => word === "true");
