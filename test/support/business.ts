import { hashPassword } from "../../delivery/src/auth/index.ts";
import { type DeliveryDatabase, roles } from "../../delivery/src/database.ts";

/** The password of everybody in the small business. */
export const password = "a-good-password";

/**
 * A business that fits in the head: a login for each role (`usr_admin`, ...), three customers of whom two
 * have logins (`usr_customer` is Asha, `usr_binod` is Binod), four products of which one is no longer sold. Each login
 * has a session (`ses_admin`, ...).
 */
export const openSmallBusiness = async (db: DeliveryDatabase): Promise<void> => {
  const password_hash = await hashPassword(password);
  const customer = (id: string, name: string, area: string) => ({
    id,
    name,
    phone: `+91 98450 0000${name.length}`,
    address: `1 ${name} Street`,
    area,
  });
  await db
    .insertInto("customers")
    .values([
      customer("cst_asha", "Asha", "Jayanagar"),
      customer("cst_binod", "Binod", "Indiranagar"),
      customer("cst_chitra", "Chitra", "Indiranagar"),
    ])
    .execute();
  const user = (id: string, role: (typeof roles)[number], customer_id: string | null = null) => ({
    id: `usr_${id}`,
    email: `${id}@example.com`,
    name: id,
    password_hash,
    role,
    customer_id,
  });
  await db
    .insertInto("users")
    .values([
      ...roles.map((role) => user(role, role, role === "customer" ? "cst_asha" : null)),
      user("binod", "customer", "cst_binod"),
    ])
    .execute();
  await openSessions(db, [...roles, "binod"]);
  await db.updateTable("customers").set({ user_id: "usr_customer" }).where("id", "=", "cst_asha").execute();
  await db.updateTable("customers").set({ user_id: "usr_binod" }).where("id", "=", "cst_binod").execute();
  const product = (id: string, name: string, price_paise: number, active = true) => ({
    id,
    name,
    category: "dairy",
    unit: "500 ml",
    price_paise,
    active,
  });
  await db
    .insertInto("products")
    .values([
      product("prd_milk", "Milk", 2_800),
      product("prd_curd", "Curd", 3_500),
      product("prd_news", "Newspaper", 600),
      product("prd_ghee", "Ghee", 60_000, false),
    ])
    .execute();
};

/** A session `ses_x` for each login `usr_x`, begun at six in the morning of 10 March 2026. */
export const openSessions = async (db: DeliveryDatabase, names: readonly string[]): Promise<void> => {
  const at = new Date("2026-03-10T06:00:00Z");
  const session = (name: string) => ({
    id: `ses_${name}`,
    user_id: `usr_${name}`,
    created_at: at,
    authenticated_at: at,
    last_used_at: at,
    expires_at: new Date("2100-01-01"),
    ip_address: "127.0.0.1",
  });
  await db.insertInto("sessions").values(names.map(session)).execute();
};
