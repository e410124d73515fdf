import { join } from "node:path";
import { debianPrograms } from "./debian-package.ts";

const folder = await debianPrograms("haproxy", ["haproxy"], ["usr/sbin"]);

/** The program HAProxy; undefined where there is none, nor a Debian to fetch it from. */
export const haproxyProgram: string | undefined = folder && join(folder, "haproxy");
