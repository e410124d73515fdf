import { sql } from "kysely";
import { noteForBilling } from "../../delivery/src/billing/index.ts";
import { changes as declared } from "../../delivery/src/changes/index.ts";
import { newId } from "../../delivery/src/ids/index.ts";
import { type Api, reapply, rollBack } from "../support/api.ts";
import { type Happening, months } from "./happening.ts";

/** The business to which things happen. */
export interface World {
  api: Api;
  placed: number;
  /** How often each kind of happening has done something. */
  done: Map<Happening["kind"], number>;
}

export const pricePaise = 2_800;

/** Lets it happen. What the API refuses is refused. */
export const carryOut = async (world: World, happening: Happening): Promise<void> => {
  if (await doings[happening.kind](world, happening as never)) {
    world.done.set(happening.kind, (world.done.get(happening.kind) ?? 0) + 1);
  }
};

type Doing<Kind extends Happening["kind"]> = (
  world: World,
  happening: Extract<Happening, { kind: Kind }>,
) => Promise<boolean>;

const ask = async ({ api }: World, route: string, body: object): Promise<boolean> => {
  const answer = await api.send(route, { as: "admin", body });
  if (answer.statusCode >= 500) throw new Error(`${route}: ${answer.statusCode} ${answer.body}`);
  return answer.statusCode < 300;
};

/** One of the rows that a query finds; the query sorts by something that does not change with the ids. */
const chosen = async <Row>({ api }: World, pick: number, query: string): Promise<Row | undefined> => {
  const { rows } = await api.pool.query(query);
  return rows[pick % Math.max(rows.length, 1)];
};

const doings: { [Kind in Happening["kind"]]: Doing<Kind> } = {
  async order(world, { month, quantity, oneTime }) {
    world.placed += 1;
    // A day of its own: while step 20 is away, a delivery speaks for the whole day.
    const day = `${months[month]}-${String((world.placed % 28) + 1).padStart(2, "0")}`;
    const at = new Date(Date.parse("2026-01-01T00:00:00Z") + world.placed * 1_000);
    await world.api.changes.transaction(async (tx, active) => {
      await sql`
        with placed as (
          insert into orders (id, customer_id, kind, items, total_paise, delivery_date, status, created_at)
          select ${newId("order", active)}, c.id, ${oneTime ? "one_time" : "subscription"},
            jsonb_build_array(jsonb_build_object(
              'product_id', p.id, 'quantity', ${quantity}::int, 'unit_price_paise', ${pricePaise}::int)),
            ${quantity * pricePaise}, ${day}, 'CONFIRMED', ${at}
          from customers c cross join products p where c.name = 'Asha' and p.name = 'Milk'
          returning customer_id, delivery_date, created_at, id
        )
        insert into delivery_statuses (id, customer_id, delivery_date, created_at, order_id)
        select ${newId("delivery", active)}, customer_id, delivery_date, created_at,
          ${active.has("delivery-order") ? sql`id` : sql`null`}
        from placed`.execute(tx);
    });
    return true;
  },

  async confirm(world, { pick, handedOver }) {
    const drop = await chosen<{
      id: string;
      customer_id: string;
      delivery_date: string;
      items: { product_id: string; quantity: number }[];
    }>(
      world,
      pick,
      `select o.id, o.customer_id, o.delivery_date, o.items from orders o
       join delivery_statuses d on d.customer_id = o.customer_id and d.delivery_date = o.delivery_date
       where d.status = 'pending' order by o.created_at`,
    );
    if (!drop) return false;
    const items = drop.items.map(({ product_id, quantity }) => ({
      product_id,
      delivered_qty: Math.min(quantity, handedOver),
    }));
    const { id: order_id, customer_id, delivery_date } = drop;
    return ask(
      world,
      "POST /api/deliveries/confirm",
      world.api.changes.active.has("delivery-order")
        ? { order_id, delivery_date, items, status: handedOver === 0 ? "shortage" : "delivered" }
        : { customer_id, delivery_date },
    );
  },

  /** A quantity is corrected by people who see it: while step 26 is applied. */
  async correct(world, { pick, handedOver }) {
    const { changes } = world.api;
    if (!changes.active.has("delivery-quantities")) return false;
    const delivery = await chosen<{ id: string; order_id: string }>(
      world,
      pick,
      `select d.id, d.order_id from delivery_statuses d join orders o on o.id = d.order_id
       where d.items is not null and d.status in ('delivered', 'partially_delivered') order by o.created_at`,
    );
    if (!delivery) return false;
    await changes.transaction(async (tx) => {
      await sql`
        update delivery_statuses set items = jsonb_set(items, '{0,delivered_qty}',
          to_jsonb(least((items -> 0 ->> 'ordered_qty')::int, ${handedOver}::int)))
        where id = ${delivery.id}`.execute(tx);
      await noteForBilling(tx, [delivery.order_id]);
    });
    return true;
  },

  bill: (world, { month }) => ask(world, "POST /api/billing/generate", { period: months[month] }),
  async issue({ api }, { month }) {
    const body = { period: months[month] };
    return (await api.ask("POST /api/billing/issue", { as: "admin", body })).issued > 0;
  },
  pay: (world, { pick }) => changeBill(world, pick, "pay", { method: "cash" }),
  void: (world, { pick }) => changeBill(world, pick, "void", { reason: "wrong" }),

  /** Takes the step back with all that depends on it; brings everything back where it is away. */
  async move(world, { step }) {
    const name = declared
      .find((change) => change.step === step)
      ?.parts.flatMap(({ behaviours }) => behaviours);
    const applied = name?.every((behaviour) => world.api.changes.active.has(behaviour));
    await (applied ? rollBack(world.api, step) : reapply(world.api, 19, 30));
    return true;
  },
};

const changeBill = async (world: World, pick: number, action: string, body: object): Promise<boolean> => {
  const bill = await chosen<{ id: string }>(
    world,
    pick,
    "select id from billing_records where status <> 'void' order by created_at, covers, amount_paise, id",
  );
  return bill !== undefined && ask(world, `POST /api/billing/${bill.id}/${action}`, body);
};
