import { setTimeout as sleep } from "node:timers/promises";
import type { ReleaseDemo, TrafficCounts } from "@earlybird-ops/platform/service";
import type pg from "pg";
import { signToken } from "../auth/index.ts";
import { generatedSecret } from "../jwt-secret.ts";

/** Apps of couriers and of customers that are open at the same time. */
const courierApps = 300;
const customerApps = 1_500;
const connections = 12;
/** Of one connection, so that the machine keeps time for the rest. */
const pauseMs = 15;
const lifetimeSeconds = 7_200;
/** Every third request confirms a delivery. */
const confirmEvery = 3;

/** Couriers confirm the deliveries of the day, and customers look at their orders. The sessions end with the traffic. */
export const traffic: ReleaseDemo["traffic"] = async ({ pool, settings, dataDir, url, signal, onCount }) => {
  const secret = settings.JWT_SECRET ?? (await generatedSecret(dataDir));
  const tokens = async (role: string, count: number) => {
    const sessions = await openSessions(pool, role, count);
    return sessions.map((id) => ({ id, token: signToken(secret, id, { now: new Date(), lifetimeSeconds }) }));
  };
  const couriers = await tokens("delivery", courierApps);
  const customers = await tokens("customer", customerApps);
  const orders = await openOrders(pool);
  const counts: TrafficCounts = { requests: 0, failed: 0, lost: 0 };
  let next = 0;

  const send = async (): Promise<void> => {
    const number = next++;
    const isConfirmation = number % confirmEvery === 0;
    const apps = isConfirmation ? couriers : customers;
    const app = apps[Math.floor(Math.random() * apps.length)];
    const authorization = `Bearer ${app?.token}`;
    const order_id = orders[number % Math.max(orders.length, 1)];
    const path = isConfirmation ? "/api/deliveries/confirm" : "/api/orders?limit=5";
    const response = await fetch(new URL(path, url), {
      method: isConfirmation ? "POST" : "GET",
      headers: { authorization, ...(isConfirmation && { "content-type": "application/json" }) },
      body: isConfirmation ? JSON.stringify({ order_id }) : null,
    });
    await response.arrayBuffer();
    if (response.status >= 500) counts.failed += 1;
  };
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      counts.requests += 1;
      await send().catch(() => {
        counts.lost += 1;
      });
      onCount(counts);
      await sleep(pauseMs);
    }
  };
  try {
    await Promise.all(Array.from({ length: connections }, run));
  } finally {
    await pool.query("delete from sessions where id = any($1)", [
      [...couriers, ...customers].map(({ id }) => id),
    ]);
  }
};

/** Sessions of active users of a role, one for each app. */
const openSessions = async (pool: pg.Pool, role: string, count: number): Promise<string[]> => {
  const { rows } = await pool.query<{ id: string }>(
    `insert into sessions (id, user_id, created_at, authenticated_at, last_used_at, expires_at, ip_address, device)
     select 'ses_' || gen_random_uuid(), u.id, now(), now(), now(), now() + interval '2 hours', '127.0.0.1', 'release demo'
     from generate_series(1, $2::int) app
     join (select id, row_number() over (order by created_at, id) as no, count(*) over () as all_of_them
           from users where role = $1 and active and (role <> 'customer' or customer_id is not null)) u
       on u.no = (app - 1) % u.all_of_them + 1
     returning id`,
    [role, count],
  );
  return rows.map(({ id }) => id);
};

/** Orders of today that are not confirmed yet. One that is confirmed twice is refused, as in any morning. */
const openOrders = async (pool: pg.Pool): Promise<string[]> => {
  const { rows } = await pool.query<{ id: string }>(
    `select id from orders where delivery_date = current_date and status not in ('delivered', 'cancelled')
     order by id limit 5000`,
  );
  return rows.map(({ id }) => id);
};
