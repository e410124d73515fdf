/** The schema before the twelve changes. What the changes add is declared in changes/, not here. */
export const baseline = `
create table users (
  id            text primary key,
  email         text not null unique,
  phone         text,
  name          text not null,
  password_hash text not null,
  role          text not null check (role in ('admin', 'operator', 'support', 'delivery', 'customer', 'marketing', 'supplier')),
  active        boolean not null default true,
  created_at    timestamptz not null default now()
);

create table customers (
  id         text primary key,
  name       text not null,
  phone      text not null,
  address    text not null,
  area       text not null,
  status     text not null default 'active' check (status in ('active', 'paused', 'closed')),
  created_at timestamptz not null default now()
);

create table products (
  id          text primary key,
  name        text not null,
  category    text not null,
  unit        text not null,
  price_paise integer not null check (price_paise >= 0),
  active      boolean not null default true
);

create table subscriptions (
  id           text primary key,
  customer_id  text not null references customers (id),
  product_id   text not null references products (id),
  quantity     integer not null check (quantity > 0),
  schedule     text not null check (schedule in ('daily', 'alternate', 'weekdays')),
  status       text not null default 'active' check (status in ('active', 'paused', 'cancelled')),
  starts_on    date not null,
  ends_on      date,
  paused_until date,
  created_at   timestamptz not null default now()
);

create table orders (
  id            text primary key,
  customer_id   text not null references customers (id),
  placed_by     text references users (id) on delete set null,
  kind          text not null check (kind in ('one_time', 'subscription')),
  items         jsonb not null,
  total_paise   bigint not null check (total_paise >= 0),
  delivery_date date not null,
  status        text not null default 'PENDING'
                check (status in ('PENDING', 'CONFIRMED', 'OUT_FOR_DELIVERY', 'DELIVERED', 'CANCELLED')),
  notes         text,
  created_at    timestamptz not null default now()
);

create table delivery_statuses (
  id            text primary key,
  customer_id   text not null references customers (id),
  delivery_date date not null,
  status        text not null default 'pending'
                check (status in ('pending', 'delivered', 'partially_delivered', 'shortage', 'failed')),
  delivered_by  text references users (id) on delete set null,
  notes         text,
  created_at    timestamptz not null default now()
);

create table billing_records (
  id           text primary key,
  customer_id  text not null references customers (id),
  period       date not null check (extract(day from period) = 1),
  amount_paise bigint not null check (amount_paise >= 0),
  status       text not null default 'draft' check (status in ('draft', 'issued', 'paid', 'void')),
  covers       text not null default 'subscriptions' check (covers in ('subscriptions', 'order')),
  created_at   timestamptz not null default now()
);

create table shared_links (
  token_hash    text primary key,
  customer_id   text not null references customers (id),
  delivery_date date not null,
  expires_at    timestamptz not null,
  used_at       timestamptz
);

-- Foreign keys and the morning's work need these whatever the changes do: without them every confirmation
-- would read the whole history of its table.
create index orders_delivery_day on orders (delivery_date, customer_id);
create index delivery_statuses_day on delivery_statuses (delivery_date, customer_id);
`;
