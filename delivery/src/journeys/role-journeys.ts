import type { Journey, JourneyContext } from "@earlybird-ops/platform/service";
import { journeyToken } from "../auth/index.ts";
import type { Role } from "../database.ts";
import { oldRoutes } from "../http/old-routes.ts";
import { generatedSecret } from "../jwt-secret.ts";
import { lengthOf, listOf, numberOf } from "./response-body.ts";

/** What somebody reads first in the morning. */
interface FirstLook {
  path: string | ((login: RoleLogin) => string);
  /** What the response says, in a few words; throws if it makes no sense. */
  describe: (body: unknown, login: RoleLogin) => string;
}

/** An active login of a role. */
interface RoleLogin {
  id: string;
  customer_id: string | null;
}

const ownItems =
  (what: string) =>
  (body: unknown, { customer_id }: RoleLogin): string => {
    const items = listOf(body, "items");
    const foreign = items.filter((item) => item.customer_id !== customer_id).length;
    if (foreign > 0) throw new Error(`${foreign} of ${items.length} ${what} are of another customer`);
    return `${items.length} ${what}`;
  };

const ownPath = (path: string) => (login: RoleLogin) =>
  `${path}?limit=10&customer_id=${encodeURIComponent(login.customer_id ?? "")}`;

const stops = (body: unknown): string => {
  const areas = listOf(body, "areas");
  const count = areas.reduce((sum, area) => sum + lengthOf(area, "stops"), 0);
  return `${count} stops in ${areas.length} areas`;
};

const items = (what: string) => (body: unknown) => `${lengthOf(body, "items")} ${what}`;

const dashboard: FirstLook = {
  path: "/api/dashboard",
  describe: (body) =>
    `${numberOf(body, "open_deliveries_today")} open deliveries, ${numberOf(body, "active_subscriptions")} active subscriptions`,
};

const looks: Readonly<Record<Role, readonly FirstLook[]>> = {
  admin: [{ path: "/api/users?limit=10", describe: items("users") }, dashboard],
  operator: [dashboard, { path: "/api/orders?limit=10", describe: items("orders") }],
  support: [
    { path: "/api/customers?limit=10", describe: items("customers") },
    { path: "/api/deliveries?limit=10", describe: items("deliveries") },
  ],
  delivery: [{ path: "/api/deliveries/route", describe: stops }],
  customer: [
    { path: ownPath("/api/orders"), describe: ownItems("orders") },
    { path: ownPath("/api/subscriptions"), describe: ownItems("subscriptions") },
  ],
  marketing: [dashboard],
  supplier: [{ path: "/api/products?limit=10", describe: items("products") }],
};

/** One journey a role: what it reads first in the morning, with a login that exists. Nobody logs in. */
export const roleJourneys: readonly Journey[] = Object.entries(looks).map(([role, firstLooks]) => ({
  name: `role ${role}`,
  run: async (context) => {
    const login = await findRoleLogin(context, role as Role);
    if (!login)
      return role === "customer"
        ? "no active login of the role customer is linked to a customer"
        : `no active login has the role ${role}`;
    const seen: string[] = [];
    for (const look of firstLooks) seen.push(await read(context, login, look));
    return seen.join(", ");
  },
}));

/**
 * The login that was made first, which is the least likely to end soon. With a second factor if there is one: production
 * refuses admins without. A customer's must be linked to its customer.
 */
const findRoleLogin = async ({ pool }: JourneyContext, role: Role): Promise<RoleLogin | undefined> => {
  const { rows } = await pool.query<RoleLogin>(
    `select u.id, u.customer_id from users u
     where u.role = $1 and u.active and (u.role <> 'customer' or u.customer_id is not null)
     order by exists (select from totp_secrets t where t.user_id = u.id and t.confirmed_at is not null) desc, u.created_at, u.id
     limit 1`,
    [role],
  );
  return rows[0];
};

const read = async (
  { fetch, settings, dataDir }: JourneyContext,
  login: RoleLogin,
  { path, describe }: FirstLook,
): Promise<string> => {
  const secret = settings.JWT_SECRET ?? (await generatedSecret(dataDir));
  // The time of the service, also on a restored copy.
  const token = journeyToken(secret, login.id, new Date());
  const get = async (place: string) => {
    const response = await fetch(place, { headers: { authorization: `Bearer ${token}` } });
    const body = (await response.json()) as { code?: string; detail?: string };
    return { place, status: response.status, body };
  };
  const first = await get(typeof path === "string" ? path : path(login));
  const isMoved = first.body.code === "EB_CONSOLIDATED_ROUTES_ROLLED_BACK";
  const { place, status, body } = isMoved ? await get(pathBeforeStep28(first.place)) : first;
  if (status === 200) return describe(body, login);
  if (body.code === "EB_TOTP_ENROLMENT_NEEDED") return "asked for a second factor first";
  throw new Error(`${place}: ${status} ${body.code ?? ""} ${body.detail ?? ""}`.trim());
};

const pathBeforeStep28 = (place: string): string => {
  const [path = "", query = ""] = place.split("?");
  const old = oldRoutes.find(({ method, to }) => method === "GET" && to === path);
  return `${old?.from ?? path}?${query}`;
};
