import { setTimeout as sleep } from "node:timers/promises";
import { earlybird, startMonitoring } from "@earlybird-ops/platform";
import { backfill, columns, defineChange, indexes, noneOf } from "@earlybird-ops/platform/rollback";
import { defineService, type Service } from "@earlybird-ops/platform/service";
import fastify from "fastify";
import { sql } from "kysely";

/** What is wrong with a version. */
export type ShopFault =
  | "does not start"
  | "starts slowly"
  | "leaks memory"
  | "slow route"
  | "fails for drivers"
  | "fails under load"
  | "corrupts a column"
  | "smoke fails"
  | "exits";

/** A version of a shop that is released in tests: the process of a slot reads everything about it from here. */
export interface ShopVersion {
  version: string;
  fault?: ShopFault | undefined;
  /** Whether it brings the steps 1 (before the switch) and 2 (after it). */
  steps?: boolean | undefined;
}

/** Before the switch: orders have a label, which the new version writes itself. */
const labels = defineChange({
  step: 1,
  name: "labels",
  title: "Orders have a label",
  requires: [],
  risk: "low",
  parts: [
    columns("orders", { label: { type: "text" } }),
    backfill("orders", "label", { value: sql`upper(this.title)` }),
  ],
  verify: async (db, state) =>
    state === "applied"
      ? [
          await noneOf(
            db,
            "labels are titles in capitals",
            sql`select key from orders where label <> upper(title)`,
          ),
        ]
      : [],
});

/** After the switch: the old version would not use it. */
const byLabel = defineChange({
  step: 2,
  name: "by-label",
  title: "Orders are found by their label",
  requires: [1],
  risk: "low",
  release: "after",
  parts: [indexes([{ table: "orders", columns: ["label"] }])],
});

export const shop = ({ version, fault, steps = false }: ShopVersion): Service =>
  defineService({
    name: "Shop",
    version,
    changes: steps ? [labels, byLabel] : [],
    createSchema: async (pool) => {
      await pool.query(
        "create table if not exists orders (key text primary key, title text not null default 'milk')",
      );
      // One row for each execution: an order or a payment that is executed twice has two.
      await pool.query("create table if not exists executions (key text not null)");
    },
    journeys: async () => [
      {
        name: "order book",
        run: async ({ fetch }) => {
          const { status } = await fetch("/orders/count");
          if (status !== 200 || fault === "smoke fails") throw new Error(`the order book answers ${status}`);
          return "the order book opens";
        },
      },
    ],
    serve: async ({ pool, settings, dataDir, log, slot, rollback }) => {
      if (fault === "does not start") throw new Error("this version is broken");
      if (fault === "starts slowly") await sleep(4_000);
      const observed = await startMonitoring({ pool, settings, dataDir, log, version });
      const app = fastify({ forceCloseConnections: "idle", trustProxy: settings.TRUST_PROXY ?? false });
      await app.register(earlybird, {
        ...observed,
        rollback,
        version,
        authorize: async () => ({ id: "ada", name: "Ada" }),
      });
      const kept: Buffer[] = [];
      let open = 0;
      let requests = 0;
      app.addHook("onRequest", async ({ url, headers }, reply) => {
        if (url.startsWith("/api")) return;
        open += 1;
        reply.raw.once("close", () => {
          open -= 1;
        });
        if (fault === "leaks memory") kept.push(Buffer.alloc(64 * 1_024, 1));
        if (fault === "fails under load" && open > 2) throw new Error("too much at once");
        if (fault === "fails for drivers" && headers.authorization?.startsWith("Bearer driver"))
          throw new Error("drivers are forgotten");
        requests += 1;
        if (fault === "exits" && requests === 40) process.exit(1);
      });
      app.get("/", async ({ headers, ip }) => {
        // Long against what a busy machine adds: only a slow version exceeds the percentiles of the other one.
        await sleep(fault === "slow route" ? 120 : 40);
        return { slot: version, client: headers.authorization ?? "", address: ip };
      });
      app.get("/orders/count", async () => (await pool.query("select count(*) from orders")).rows[0]);
      app.post("/orders", async ({ headers }) => {
        const key = String(headers["idempotency-key"]);
        const label = fault === "corrupts a column" ? "MLIK" : "MILK";
        await pool.query(
          `with placed as (
             insert into orders ${steps ? "(key, label) values ($1, $2)" : "(key) values ($1)"}
             on conflict do nothing returning key)
           insert into executions select key from placed`,
          steps ? [key, label] : [key],
        );
        return { slot: version };
      });
      app.post("/payments", async ({ headers }) => {
        await pool.query("insert into executions values ($1)", [headers["x-payment"]]);
        return { slot: version };
      });
      slot?.attach(app.server);
      const listening = await app.listen(
        slot ? { path: slot.path } : { host: settings.HOST, port: settings.PORT },
      );
      return {
        greeting: `The shop is open at ${slot?.url ?? listening}`,
        close: async () => {
          await app.close();
          await observed.stop();
        },
      };
    },
  });
