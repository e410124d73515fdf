import { changes as declaredChanges } from "../../../delivery/src/changes/index.ts";
import type { Api, ApiRequest } from "../../support/api.ts";
import { asked } from "../asked.ts";
import { days, type Happening, type Work } from "./happening.ts";

/** The business to which things happen, and what its people remember. */
export interface World {
  api: Api;
  /** How often each kind of happening has done something. */
  done: Map<Happening["kind"], number>;
  newcomers: number;
}

/** Lets it happen. What the API refuses is refused; what it cannot answer is a fault. */
export const carryOut = async (world: World, happening: Happening): Promise<void> => {
  const did =
    happening.kind === "rollback" || happening.kind === "reapply"
      ? await moveStep(world.api, happening)
      : await doings[happening.kind](world, happening.pick);
  if (did) world.done.set(happening.kind, (world.done.get(happening.kind) ?? 0) + 1);
};

const moveStep = async (
  { engine, changes }: Api,
  happening: Extract<Happening, { step: number }>,
): Promise<boolean> => {
  const rollback = happening.kind === "rollback";
  const { steps } = rollback
    ? await engine.rollbackStep(happening.step, asked)
    : await engine.reapplyStep(happening.step, { ...asked, onConflict: happening.onConflict });
  const moved = new Set(steps.map(({ step }) => step));
  const names = declaredChanges
    .filter(({ step }) => moved.has(step))
    .flatMap(({ parts }) => parts.flatMap(({ behaviours }) => behaviours));
  while (names.some((name) => changes.active.has(name) === rollback)) await new Promise(setImmediate);
  return moved.size > 0;
};

/** Asks as yesterday's app does, by the old paths, and goes where it is sent on. */
const ask = async ({ api }: World, route: string, request: ApiRequest): Promise<boolean> => {
  const [method] = route.split(" ");
  let answer = await api.send(route, request);
  if (answer.statusCode === 308) answer = await api.send(`${method} ${answer.headers.location}`, request);
  if (answer.statusCode >= 500) throw new Error(`${route}: ${answer.statusCode} ${answer.body}`);
  return answer.statusCode < 300;
};

/** One of the rows that a query finds; the query sorts by something that does not change with the ids. */
const chosen = async <Row>({ api }: World, pick: number, query: string): Promise<Row | undefined> => {
  const { rows } = await api.pool.query(query);
  return rows[pick % Math.max(rows.length, 1)];
};

/** Changes rows behind the API's back; whether there were any. */
const edit = async ({ api }: World, pick: number, edits: readonly string[]): Promise<boolean> => {
  const { rowCount } = await api.pool.query(edits[pick % edits.length] ?? "", [pick]);
  return (rowCount ?? 0) > 0;
};

const dayOf = (pick: number) => days[pick % days.length];
const anyCustomer = "select id from customers where name in ('Asha', 'Binod', 'Chitra') order by name";
const milk = "select id from products where name like 'Milk%'";

const openDelivery = `
  select d.order_id, d.customer_id, d.delivery_date, o.items from delivery_statuses d left join orders o on o.id = d.order_id
  where d.status = 'pending' and o.status is distinct from 'CANCELLED' and d.delivery_date <= '2026-03-11'
  order by d.delivery_date, d.created_at, d.customer_id`;

interface Drop {
  order_id: string | null;
  customer_id: string;
  delivery_date: string;
  items: { product_id: string; quantity: number }[] | null;
}

const confirm = async (world: World, drop: Drop, said: object): Promise<boolean> => {
  const { order_id, customer_id, delivery_date } = drop;
  const byOrder = world.api.changes.active.has("delivery-order");
  if (byOrder && !order_id) return false;
  const body = { ...(byOrder ? { order_id } : { customer_id, delivery_date }), ...said };
  return ask(world, "POST /api/delivery-boy/mark-delivered", { as: "delivery", body });
};

const person = (n: number) => ({
  name: "New",
  phone: `+91 90000 ${String(10_000 + n)}`,
  address: "1 A",
  area: "Jayanagar",
});

/** Each answers whether it did anything. */
const doings: Record<Work, (world: World, pick: number) => Promise<boolean>> = {
  generate: (world, pick) =>
    ask(world, "POST /api/orders/generate-day", { as: "admin", body: { date: dayOf(pick) } }),

  async place(world, pick) {
    const customer = await chosen<{ id: string }>(world, pick, anyCustomer);
    const product = await chosen<{ id: string }>(world, pick, milk);
    const items = [{ product_id: product?.id, quantity: 1 + (pick % 3) }];
    const body = { customer_id: customer?.id, delivery_date: dayOf(pick), items };
    return ask(world, "POST /api/orders/create", { as: "admin", body });
  },

  async subscribe(world, pick) {
    const customer = await chosen<{ id: string }>(world, pick, anyCustomer);
    const product = await chosen<{ id: string }>(world, pick, milk);
    const body = { customer_id: customer?.id, product_id: product?.id, quantity: 1 + (pick % 2) };
    return ask(world, "POST /api/subscriptions/create", {
      as: "admin",
      body: { ...body, schedule: "daily", starts_on: days[0] },
    });
  },

  async pause(world, pick) {
    const found = await chosen<{ id: string }>(
      world,
      pick,
      "select id from subscriptions where status = 'active' order by created_at, customer_id, quantity",
    );
    return (
      found !== undefined &&
      ask(world, `POST /api/subscriptions/pause/${found.id}`, { as: "admin", body: {} })
    );
  },

  async confirm(world, pick) {
    const drop = await chosen<Drop>(world, pick, openDelivery);
    return drop !== undefined && confirm(world, drop, {});
  },

  async "confirm a part"(world, pick) {
    const drop = await chosen<Drop>(world, pick, openDelivery);
    if (!drop?.items) return false;
    const items = drop.items.map(({ product_id, quantity }) => ({ product_id, delivered_qty: quantity - 1 }));
    return confirm(world, drop, { status: "partially_delivered", items });
  },

  async "confirm by link"(world, pick) {
    const drop = await chosen<Drop>(world, pick, openDelivery);
    if (!drop) return false;
    const { customer_id, delivery_date } = drop;
    const made = await world.api.send("POST /api/shared-links", {
      as: "admin",
      body: { customer_id, delivery_date },
    });
    if (made.statusCode >= 300) throw new Error(`a link: ${made.statusCode} ${made.body}`);
    return ask(world, `POST /api/shared-links/${made.json().token}/confirm`, { body: {} });
  },

  async correct(world, pick) {
    const delivery = await chosen<{ id: string }>(
      world,
      pick,
      "select id from delivery_statuses where status <> 'pending' order by delivery_date, created_at, customer_id",
    );
    const status = (["failed", "delivered", "pending"] as const)[pick % 3];
    const body = { status, reason: "The customer called" };
    return (
      delivery !== undefined &&
      ask(world, `POST /api/delivery-boy/correct/${delivery.id}`, { as: "support", body })
    );
  },

  "start round": (world, pick) =>
    ask(world, "POST /api/delivery-boy/start-round", {
      as: "delivery",
      body: { date: days[pick % 2] },
    }),

  async cancel(world, pick) {
    const order = await chosen<{ id: string }>(
      world,
      pick,
      "select id from orders where status in ('PENDING', 'CONFIRMED') order by delivery_date, created_at, customer_id",
    );
    return order !== undefined && ask(world, `POST /api/orders/cancel/${order.id}`, { as: "support" });
  },

  async register(world) {
    world.newcomers += 1;
    const email = `new-${world.newcomers}@example.com`;
    const body = { ...person(world.newcomers), email, password: "long enough 1" };
    return ask(world, "POST /api/auth/register", { body });
  },

  async "add customer"(world) {
    world.newcomers += 1;
    return ask(world, "POST /api/customers", { as: "support", body: person(world.newcomers) });
  },

  bill: (world) => ask(world, "POST /api/billing/generate", { as: "admin", body: { period: "2026-03" } }),

  async "rename product"(world, pick) {
    const product = await chosen<{ id: string }>(world, pick, milk);
    const body = { name: `Milk of batch ${pick}` };
    return ask(world, `PATCH /api/products/update/${product?.id}`, { as: "admin", body });
  },

  "delete subscription": (world, pick) =>
    edit(world, pick, [
      "delete from subscriptions where id = (select id from subscriptions order by created_at, customer_id offset $1 % 3 limit 1)",
    ]),

  "delete customer": (world, pick) =>
    edit(world, pick, [
      `delete from customers where id = (
        select c.id from customers c where c.name = 'New' and $1::int is not null and not exists (
          select from orders o where o.customer_id = c.id) order by c.phone limit 1)`,
    ]),

  "edit order": (world, pick) =>
    edit(world, pick, [
      "update orders set notes = 'edited ' || $1::int where id = (select id from orders order by created_at, customer_id offset $1::int % 5 limit 1)",
      `update orders o set subscription_id = s.id from subscriptions s
        where s.customer_id = o.customer_id and o.kind = 'subscription' and $1::int is not null`,
      `update orders set status = 'OUT_FOR_DELIVERY' where id = (
        select id from orders where status in ('PENDING', 'CONFIRMED') order by created_at, customer_id offset $1::int % 3 limit 1)`,
    ]),

  "edit delivery": (world, pick) =>
    edit(world, pick, [
      "update delivery_statuses set ip_address = '10.0.0.' || $1::int % 256 where status = 'delivered'",
      "update delivery_statuses set confirmed_by_user_id = (select min(id) from users) where $1::int is not null and confirmed_at is null",
      `update delivery_statuses set items = jsonb_build_array(jsonb_build_object(
          'product_id', (select min(id) from products), 'ordered_qty', 1 + $1::int % 3, 'delivered_qty', 1, 'status', 'full'))
        where status <> 'pending'`,
    ]),
};
