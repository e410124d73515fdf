import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router";
import type { LedgerFilter } from "./api/operations.ts";
import { sessionQuery } from "./api/session.ts";
import { alertSearch } from "./pages/alert-search.ts";
import { alertsSearch } from "./pages/alerts-search.ts";
import { stepSearch } from "./pages/step-search.ts";
import { readTrafficSearch } from "./pages/traffic-columns.ts";
import { Shell } from "./shell/shell.tsx";
import { Root } from "./shell/shell-root.tsx";
import { NotFound, PageError } from "./ui/states.tsx";

const rootRoute = createRootRouteWithContext<{ queries: QueryClient }>()({
  component: Root,
  notFoundComponent: NotFound,
});

const login = createRoute({
  getParentRoute: () => rootRoute,
  path: "/login",
  validateSearch: ({ to }: Record<string, unknown>): { to?: string } =>
    typeof to === "string" && to.startsWith("/") && !to.startsWith("//") ? { to } : {},
  component: lazyRouteComponent(() => import("./pages/login.tsx"), "LoginPage"),
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
});

const now = createRoute({
  getParentRoute: () => inside,
  path: "/",
  component: lazyRouteComponent(() => import("./pages/now.tsx"), "NowPage"),
});
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
const alerts = createRoute({
  getParentRoute: () => inside,
  path: "/alerts",
  validateSearch: alertsSearch,
  component: lazyRouteComponent(() => import("./pages/alerts.tsx"), "AlertsPage"),
});
const alert = createRoute({
  getParentRoute: () => inside,
  path: "/alerts/$id",
  validateSearch: alertSearch,
  component: lazyRouteComponent(() => import("./pages/alert.tsx"), "AlertPage"),
});
const changes = createRoute({
  getParentRoute: () => inside,
  path: "/changes",
  component: lazyRouteComponent(() => import("./pages/changes.tsx"), "ChangesPage"),
});
const step = createRoute({
  getParentRoute: () => inside,
  path: "/changes/$step",
  validateSearch: stepSearch,
  component: lazyRouteComponent(() => import("./pages/step.tsx"), "StepPage"),
});
const releases = createRoute({
  getParentRoute: () => inside,
  path: "/releases",
  component: lazyRouteComponent(() => import("./pages/releases.tsx"), "ReleasesPage"),
});
const release = createRoute({
  getParentRoute: () => inside,
  path: "/releases/$id",
  component: lazyRouteComponent(() => import("./pages/release.tsx"), "ReleasePage"),
});

const settings = createRoute({
  getParentRoute: () => inside,
  path: "/settings",
  component: lazyRouteComponent(() => import("./pages/settings.tsx"), "SettingsPage"),
});

const routes = rootRoute.addChildren([
  login,
  inside.addChildren([
    ...[now, traffic, system, alerts, alert, changes, step],
    ...[releases, release, ledger, operation, settings],
  ]),
]);

export const createAppRouter = (queries: QueryClient) =>
  createRouter({
    routeTree: routes,
    basepath: new URL(document.baseURI).pathname.replace(/\/$/, "") || "/",
    context: { queries },
    // A parameter that a page does not accept is dropped from the address.
    search: { strict: true },
    defaultNotFoundComponent: NotFound,
    defaultErrorComponent: PageError,
    // Fetches the script of a page when a pointer comes near its link.
    defaultPreload: "intent",
    scrollRestoration: true,
  });

/** Drops parameters that the page does not accept: the router does so once it is rendered, when they have been used. */
export const cleanAddress = ({
  buildLocation,
  history,
  latestLocation: { pathname, publicHref, state },
}: ReturnType<typeof createAppRouter>): void => {
  const accepted = buildLocation({ to: pathname, search: true, hash: true, _includeValidateSearch: true });
  if (accepted.publicHref !== publicHref) history.replace(accepted.publicHref, state);
};

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
