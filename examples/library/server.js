import { randomBytes, timingSafeEqual } from "node:crypto";
import { answerFrameworkError, earlybird, Failure, problems, startMonitoring } from "@earlybird-ops/platform";
import { isDatabaseUnavailable } from "@earlybird-ops/platform/database";
import { Changes } from "@earlybird-ops/platform/rollback";
import fastify from "fastify";
import { sql } from "kysely";
import dueDates from "./changes/1-due-dates.js";
import lostBooks from "./changes/2-lost-books.js";
import reservations, { ids } from "./changes/3-reservations.js";

const version = "1.0.0";

/** Everything that EarlyBird needs to know of the library: who may operate it. */
const authorize = async (request) => {
  const given = Buffer.from(request.headers.authorization ?? "");
  const expected = Buffer.from(`Bearer ${process.env.LIBRARIAN_TOKEN ?? "librarian"}`);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw new Failure("LIB_UNKNOWN", 401, "Only the librarian may do this.", "Send the librarian's token.");
  }
  return { id: "librarian", name: "The librarian" };
};

export const serve = async ({ pool, direct, rollback, releases, settings, dataDir, log, slot }) => {
  const changes = new Changes({ changes: [dueDates, lostBooks, reservations], pool, direct, log });
  const observed = await startMonitoring({ pool, settings, dataDir, log, version });
  const app = fastify({ frameworkErrors: answerFrameworkError });
  await app.register(problems, { isDatabaseUnavailable });
  await app.register(earlybird, {
    ...observed,
    rollback,
    releases,
    authorize,
    version,
    // One process: its secret may change with each start. Several instances must share one.
    console: { title: "Library", login: { kind: "token" }, secret: randomBytes(32).toString("hex") },
  });

  app.get("/books", async () => (await pool.query("select id, title, lost from books order by title")).rows);

  app.get("/loans", async () => {
    const due = changes.active.has("due-dates") ? ", due_on" : "";
    return (await pool.query(`select id, book_id, reader, state${due} from loans order by id`)).rows;
  });

  // Each write that a change concerns goes through changes.transaction: no swap can overtake it.
  app.post("/loans", async (request, reply) => {
    const { book_id, reader } = request.body;
    const loan = await changes.transaction(async (tx, active) => {
      const id = ids.next("loans", active.has("reservations") ? "now" : "before");
      const due = active.has("due-dates") ? sql`current_date + 21` : sql`null`;
      const { rows } = await sql`
        insert into loans (id, book_id, reader, due_on) values (${id}, ${book_id}, ${reader}, ${due})
        returning id, book_id, reader, due_on`.execute(tx);
      return rows[0];
    });
    return reply.code(201).send(loan);
  });

  await changes.start();
  // Behind the front of `earlybird start`, the front has the port.
  slot?.attach(app.server);
  const listening = await app.listen(
    slot ? { path: slot.path } : { host: settings.HOST, port: settings.PORT },
  );
  const url = slot?.url ?? listening;
  return {
    greeting: `The library is open at ${url}. Ctrl-C closes it.`,
    close: async () => {
      await app.close();
      await changes.stop();
      await observed.stop();
    },
  };
};
