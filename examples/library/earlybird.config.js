import { defineService } from "earlybird";
import dueDates from "./changes/1-due-dates.js";
import lostBooks from "./changes/2-lost-books.js";
import reservations from "./changes/3-reservations.js";
import { createSchema } from "./schema.js";
import { serve } from "./server.js";

export default defineService({
  name: "Library",
  version: "1.0.0",
  changes: [dueDates, lostBooks, reservations],
  createSchema,
  serve,
});
