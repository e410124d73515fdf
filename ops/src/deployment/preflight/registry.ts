import type { Check } from "./check.ts";
import { ledger } from "./data/11-ledger.ts";
import { stepsVerify } from "./data/12-steps-verify.ts";
import { constraints } from "./data/13-constraints.ts";
import { checksums } from "./data/14-checksums.ts";
import { amcheck } from "./data/15-amcheck.ts";
import { backup } from "./data/16-backup.ts";
import { archiver } from "./data/17-archiver.ts";
import { replicaLag } from "./data/18-replica-lag.ts";
import { transactions } from "./data/19-transactions.ts";
import { frozenIds } from "./data/20-frozen-ids.ts";
import { rehearsal } from "./data/21-rehearsal.ts";
import { baseline } from "./performance/22-baseline.ts";
import { errorRate } from "./performance/23-error-rate.ts";
import { databasePing } from "./performance/24-database-ping.ts";
import { hotPlans } from "./performance/25-hot-plans.ts";
import { eventLoop } from "./performance/26-event-loop.ts";
import { npmAudit } from "./security/27-npm-audit.ts";
import { secrets } from "./security/28-secrets.ts";
import { routeProtection } from "./security/29-route-protection.ts";
import { apiCompatibility } from "./security/30-api-compatibility.ts";
import { requiredSteps } from "./security/31-required-steps.ts";
import { databaseRole } from "./security/32-database-role.ts";
import { demoLogins } from "./security/33-demo-logins.ts";
import { nodeVersion } from "./system/01-node-version.ts";
import { artefactHash } from "./system/02-artefact-hash.ts";
import { settingsParse } from "./system/03-settings.ts";
import { freeDisk } from "./system/04-free-disk.ts";
import { memory } from "./system/05-memory.ts";
import { cpu } from "./system/06-cpu.ts";
import { trafficSwitch } from "./system/07-switch.ts";
import { fleet } from "./system/08-fleet.ts";
import { nothingOpen } from "./system/09-nothing-open.ts";
import { connections } from "./system/10-connections.ts";
import { alerts } from "./team/34-alerts.ts";
import { channels } from "./team/35-channels.ts";
import { heartbeat } from "./team/36-heartbeat.ts";
import { onCall } from "./team/37-on-call.ts";
import { freeze } from "./team/38-freeze.ts";

/** Every check, by number. */
export const checks: readonly Check[] = [
  nodeVersion,
  artefactHash,
  settingsParse,
  freeDisk,
  memory,
  cpu,
  trafficSwitch,
  fleet,
  nothingOpen,
  connections,
  ledger,
  stepsVerify,
  constraints,
  checksums,
  amcheck,
  backup,
  archiver,
  replicaLag,
  transactions,
  frozenIds,
  rehearsal,
  baseline,
  errorRate,
  databasePing,
  hotPlans,
  eventLoop,
  npmAudit,
  secrets,
  routeProtection,
  apiCompatibility,
  requiredSteps,
  databaseRole,
  demoLogins,
  alerts,
  channels,
  heartbeat,
  onCall,
  freeze,
];
