import type { ColumnType, Generated, JSONColumnType, Kysely } from "kysely";

/**
 * The tables as the API sees them with every change applied. A column that a change brought reads as null
 * while that change is rolled back.
 *
 * Dates (`delivery_date`, `period`, ...) are strings `YYYY-MM-DD`; times are `Date`; money is whole paise;
 * `bigint` columns are read as numbers (see the type parsers in `ops/src/database`).
 */
export interface Tables {
  users: UsersTable;
  customers: CustomersTable;
  products: ProductsTable;
  subscriptions: SubscriptionsTable;
  orders: OrdersTable;
  delivery_statuses: DeliveryStatusesTable;
  billing_records: BillingRecordsTable;
  billing_runs: BillingRunsTable;
  bill_lines: BillLinesTable;
  deliveries_to_bill: DeliveriesToBillTable;
  shared_links: SharedLinksTable;
  intended_links: IntendedLinksTable;
  unchecked_writes: UncheckedWritesTable;
  invitations: InvitationsTable;
  sessions: SessionsTable;
  totp_secrets: TotpSecretsTable;
  totp_recovery_codes: { user_id: string; code_hash: string };
  password_resets: PasswordResetsTable;
  mail_outbox: MailOutboxTable;
}

export type DeliveryDatabase = Kysely<Tables>;

export const roles = [
  "admin",
  "operator",
  "support",
  "delivery",
  "customer",
  "marketing",
  "supplier",
] as const;
export type Role = (typeof roles)[number];

export interface UsersTable {
  id: string;
  email: string;
  phone: string | null;
  name: string;
  password_hash: string;
  role: Role;
  active: Generated<boolean>;
  created_at: Generated<Date>;
  /** When staff vouched for whose login it is; null for a login that somebody made for themselves. */
  verified_at: Generated<Date | null>;
  /** Step 21. */
  customer_id: string | null;
}

export interface CustomersTable {
  id: string;
  name: string;
  phone: string;
  address: string;
  area: string;
  status: Generated<"active" | "paused" | "closed">;
  created_at: Generated<Date>;
  /** Step 21. */
  user_id: string | null;
}

export interface ProductsTable {
  id: string;
  name: string;
  category: string;
  unit: string;
  price_paise: number;
  active: Generated<boolean>;
}

export const schedules = ["daily", "alternate", "weekdays"] as const;

export interface SubscriptionsTable {
  id: string;
  customer_id: string;
  product_id: string;
  quantity: number;
  schedule: (typeof schedules)[number];
  status: Generated<"active" | "paused" | "cancelled">;
  starts_on: string;
  ends_on: string | null;
  paused_until: string | null;
  created_at: Generated<Date>;
}

export const orderStatuses = ["PENDING", "CONFIRMED", "OUT_FOR_DELIVERY", "DELIVERED", "CANCELLED"] as const;
export type OrderStatus = (typeof orderStatuses)[number];

export interface OrderItem {
  product_id: string;
  quantity: number;
  unit_price_paise: number;
}

export interface OrdersTable {
  id: string;
  customer_id: string;
  placed_by: string | null;
  kind: "one_time" | "subscription";
  items: JSONColumnType<OrderItem[]>;
  total_paise: ColumnType<number, number, number>;
  delivery_date: string;
  status: Generated<OrderStatus>;
  notes: string | null;
  created_at: Generated<Date>;
  /** Step 19; null for one-time orders. */
  subscription_id: string | null;
  /** Step 22: the three of them are set together, when a confirmation turns the order DELIVERED. */
  delivered_at: Date | null;
  delivery_confirmed: boolean | null;
  status_before_delivery: OrderStatus | null;
  /** Step 23. */
  billed: boolean | null;
}

export const deliveryOutcomes = [
  "pending",
  "delivered",
  "partially_delivered",
  "shortage",
  "failed",
] as const;

export interface DeliveredItem {
  product_id: string;
  ordered_qty: number;
  delivered_qty: number;
  status: "full" | "partial" | "shortage";
}

export interface DeliveryStatusesTable {
  id: string;
  customer_id: string;
  delivery_date: string;
  status: Generated<(typeof deliveryOutcomes)[number]>;
  delivered_by: string | null;
  notes: string | null;
  created_at: Generated<Date>;
  /** Step 20. */
  order_id: string | null;
  /** Step 25: who confirmed, when, how, and from where. */
  confirmed_by_user_id: string | null;
  confirmed_by_name: string | null;
  confirmed_at: Date | null;
  confirmation_method: "delivery" | "shared_link" | "admin" | null;
  ip_address: string | null;
  device_info: string | null;
  /** Step 26: what was really handed over. */
  items: JSONColumnType<DeliveredItem[]> | null;
}

export const paymentMethods = ["cash", "upi", "card", "bank_transfer"] as const;

export interface BillingRecordsTable {
  id: string;
  customer_id: string;
  /** The month whose run made it. */
  period: string;
  /** Less than nothing: a credit. */
  amount_paise: number;
  status: Generated<"draft" | "issued" | "paid" | "void">;
  /**
   * A month of subscriptions, or one one-time order: `order_id` tells it only while step 23 is applied. A supplement
   * charges or credits what was delivered or corrected after the bills of the month `supplements` were issued.
   */
  covers: Generated<"subscriptions" | "order" | "supplement">;
  created_at: Generated<Date>;
  /** Step 23: the one-time order that this record bills; null for a month of subscriptions. */
  order_id: string | null;
  supplements: Generated<string | null>;
  issued_at: Generated<Date | null>;
  issued_by: Generated<string | null>;
  paid_at: Generated<Date | null>;
  paid_by: Generated<string | null>;
  payment_method: Generated<(typeof paymentMethods)[number] | null>;
  payment_reference: Generated<string | null>;
  voided_at: Generated<Date | null>;
  voided_by: Generated<string | null>;
  void_reason: Generated<string | null>;
}

/** What a bill charges for an order. */
export interface BillLinesTable {
  bill_id: string;
  order_id: string;
  amount_paise: number;
}

/** Orders that the next run has to look at. */
export interface DeliveriesToBillTable {
  id: Generated<number>;
  order_id: string;
}

/** When the last run of a month that succeeded did so, whatever it found to bill. */
export interface BillingRunsTable {
  period: string;
  succeeded_at: Date;
}

export interface SharedLinksTable {
  token_hash: string;
  customer_id: string;
  delivery_date: string;
  expires_at: Date;
  used_at: Date | null;
}

/** A login that was made for a customer while step 21 was rolled back. */
export interface IntendedLinksTable {
  user_id: string;
  customer_id: string;
}

/** A write that step 24 would have refused, had it been applied. */
export interface UncheckedWritesTable {
  id: Generated<number>;
  at: Date;
  user_id: string | null;
  role: Role;
  route: string;
  /** Null until the request was answered. */
  status: number | null;
  /** What was written: its id as it was then, or the path where there is no single one. */
  target: string | null;
  /** Whether the receipt of a re-apply has listed it. */
  reported: Generated<boolean>;
}

export interface InvitationsTable {
  token_hash: string;
  /** Works only while there is no admin. */
  first_admin: boolean;
  expires_at: Date;
  used_at: Date | null;
}

export interface SessionsTable {
  id: string;
  user_id: string;
  created_at: Date;
  /** When the user last gave their password. */
  authenticated_at: Date;
  /** When it began, or was last refreshed. */
  last_used_at: Date;
  expires_at: Date;
  ended_at: Date | null;
  /** How often it was refreshed. */
  generation: Generated<number>;
  ip_address: string;
  device: string | null;
}

export interface TotpSecretsTable {
  user_id: string;
  /** Encrypted. */
  secret: Buffer;
  /** Null while it is being set up. */
  confirmed_at: Date | null;
  /** The time step of the last code that was used. */
  last_step: number | null;
}

export interface PasswordResetsTable {
  token_hash: string;
  user_id: string;
  created_at: Date;
  expires_at: Date;
  used_at: Date | null;
}

export interface MailOutboxTable {
  id: Generated<number>;
  recipient: string;
  subject: string;
  body: string;
  created_at: Date;
  attempts: Generated<number>;
  next_at: Date;
}
