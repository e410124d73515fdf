import { Outlet } from "@tanstack/react-router";
import { useHeading } from "./shell-heading.ts";

/** Around every page, the login included. */
export const Root = () => {
  useHeading();
  return <Outlet />;
};
