import type { Role } from "../database.ts";

/** One password for every login of the demo. */
export const demoPassword = "earlybird-demo";

export interface DemoLogin {
  email: string;
  role: Role;
  name: string;
}

/** The documented logins of the demo; `customer@` has subscriptions and orders. */
export const demoLogins: readonly DemoLogin[] = [
  { email: "admin@earlybird.local", role: "admin", name: "Kavitha Iyer" },
  { email: "operator@earlybird.local", role: "operator", name: "Rohan Deshpande" },
  { email: "support@earlybird.local", role: "support", name: "Fatima Sheikh" },
  { email: "delivery@earlybird.local", role: "delivery", name: "Manjunath Gowda" },
  { email: "customer@earlybird.local", role: "customer", name: "Ananya Rao" },
  { email: "marketing@earlybird.local", role: "marketing", name: "Neha Kulkarni" },
  { email: "supplier@earlybird.local", role: "supplier", name: "Joseph Fernandes" },
];

/** One delivery person an area; the first of them is `delivery@`. */
export const courierLogins: readonly DemoLogin[] = [
  ...demoLogins.filter(({ role }) => role === "delivery"),
  ...[
    "Ramesh Naidu",
    "Imran Pasha",
    "Selvam Murugan",
    "Basavaraj Patil",
    "Anthony D'Souza",
    "Venkatesh Reddy",
    "Lakshman Shetty",
    "Suresh Yadav",
    "Nagaraj Hegde",
    "Salim Khan",
    "Prakash Bhat",
  ].map((name, n): DemoLogin => ({ email: `delivery-${n + 2}@earlybird.local`, role: "delivery", name })),
];
