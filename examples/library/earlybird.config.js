import { defineService } from "@earlybird-ops/platform/service";
import dueDates from "./changes/1-due-dates.js";
import lostBooks from "./changes/2-lost-books.js";
import reservations from "./changes/3-reservations.js";
import { createSchema } from "./schema.js";

export default defineService({
  name: "Library",
  version: "1.0.0",
  changes: [dueDates, lostBooks, reservations],
  createSchema,
  // Loaded when it is needed: most commands need no server.
  serve: async (context) => (await import("./server.js")).serve(context),
});
