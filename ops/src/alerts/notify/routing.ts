import type { AlertRoute } from "../../settings/alert-routes.ts";
import type { Alert } from "../model/alert.ts";

/** The names of the channels for an alert; undefined for all of them. */
export type Router = (alert: Pick<Alert, "type" | "severity">) => readonly string[] | undefined;

/** For a service without routes. */
export const toAllChannels: Router = () => undefined;

/** The first route that matches an alert decides. Pure. */
export const routerFrom =
  (routes: readonly AlertRoute[]): Router =>
  ({ type, severity }) =>
    routes.find((one) => (one.type ?? type) === type && (one.severity ?? severity) === severity)?.channels;
