import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import type { LedgerFilter } from "./api/operations.ts";
import { sessionQuery } from "./api/session.ts";
import { AlertPage } from "./pages/alert.tsx";
import { AlertsPage } from "./pages/alerts.tsx";
import { ChangesPage } from "./pages/changes.tsx";
import { LoginPage } from "./pages/login.tsx";
import { NowPage } from "./pages/now.tsx";
import { readTrafficSearch } from "./pages/traffic-columns.ts";
import { Shell } from "./shell/shell.tsx";
import { LoadError, NotFound } from "./ui/states.tsx";

const rootRoute = createRootRouteWithContext<{ queries: QueryClient }>()({
  component: Outlet,
  notFoundComponent: NotFound,
});

const login = createRoute({
  getParentRoute: () => rootRoute,
  path: "/login",
  validateSearch: ({ to }: Record<string, unknown>): { to?: string } =>
    typeof to === "string" && to.startsWith("/") && !to.startsWith("//") ? { to } : {},
  component: LoginPage,
});

/** Pages for users who are logged in; others go to the login and come back. */
const inside = createRoute({
  getParentRoute: () => rootRoute,
  id: "inside",
  beforeLoad: async ({ context, location }) => {
    const session = await context.queries.ensureQueryData(sessionQuery);
    if (session === null) throw redirect({ to: "/login", search: { to: location.href } });
  },
  component: Shell,
  errorComponent: ({ error }) => <LoadError error={error as Error} />,
});

const now = createRoute({ getParentRoute: () => inside, path: "/", component: NowPage });
const traffic = createRoute({
  getParentRoute: () => inside,
  path: "/traffic",
  validateSearch: readTrafficSearch,
  component: lazyRouteComponent(() => import("./pages/traffic.tsx"), "TrafficPage"),
});
const system = createRoute({
  getParentRoute: () => inside,
  path: "/system",
  validateSearch: ({ range }: Record<string, unknown>): { range?: string } =>
    range !== undefined && range !== "" ? { range: String(range) } : {},
  component: lazyRouteComponent(() => import("./pages/system.tsx"), "SystemPage"),
});
const ledger = createRoute({
  getParentRoute: () => inside,
  path: "/ledger",
  validateSearch: ({ step, operator, action }: Record<string, unknown>): LedgerFilter => ({
    ...(Number.isSafeInteger(step) && { step: Number(step) }),
    ...(operator !== undefined && operator !== "" && { operator: String(operator) }),
    ...(typeof action === "string" && action !== "" && { action }),
  }),
  component: lazyRouteComponent(() => import("./pages/ledger.tsx"), "LedgerPage"),
});
const operation = createRoute({
  getParentRoute: () => inside,
  path: "/operations/$id",
  component: lazyRouteComponent(() => import("./pages/operation.tsx"), "OperationPage"),
});
const alerts = createRoute({ getParentRoute: () => inside, path: "/alerts", component: AlertsPage });
const alert = createRoute({ getParentRoute: () => inside, path: "/alerts/$id", component: AlertPage });
const changes = createRoute({ getParentRoute: () => inside, path: "/changes", component: ChangesPage });
const step = createRoute({
  getParentRoute: () => inside,
  path: "/changes/$step",
  validateSearch: ({ reason }: Record<string, unknown>): { reason?: string } =>
    typeof reason === "string" ? { reason } : {},
  component: lazyRouteComponent(() => import("./pages/step.tsx"), "StepPage"),
});

const routes = rootRoute.addChildren([
  login,
  inside.addChildren([now, traffic, system, alerts, alert, changes, step, ledger, operation]),
]);

export const createAppRouter = (queries: QueryClient) =>
  createRouter({
    routeTree: routes,
    basepath: new URL(document.baseURI).pathname.replace(/\/$/, "") || "/",
    context: { queries },
    defaultNotFoundComponent: NotFound,
    // Fetches the script of a page when a pointer comes near its link.
    defaultPreload: "intent",
  });

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
