import {
  type AlertDeclaration,
  type AlertManager,
  AlertType,
  objectiveMinutes,
  type Thresholds,
} from "../../alerts/index.ts";

type Observed = Parameters<AlertManager["observe"]>[0];
type Endpoint = NonNullable<Observed["performance"]>["endpoints"][number];

/** Measurements that let one alert fire, and others that let it end. */
export interface Situation {
  /** The type, and the key of a declared alert. */
  name: string;
  type: AlertType;
  key: string;
  failing: Observed;
  fine: Observed;
}

/** More than any rule demands. */
const many = 1_000_000;

export const allIsWell: Observed = {
  database: {
    status: "healthy",
    response_time_ms: 0,
    reason: null,
    pool: { size: 0, in_use: 0, waiting: 0 },
  },
  system: { cpu_percent: 0, memory_percent: 0, event_loop_utilization_percent: 0 },
  performance: { requests: many, errors: 0, endpoints: [] },
};

/** A situation for each rule of the platform, and for each alert that the service declares. */
export const situationsOf = ({
  thresholds,
  declared,
}: {
  thresholds: Thresholds;
  declared: readonly AlertDeclaration[];
}): Situation[] => [...builtIn(thresholds), ...declared.flatMap(situationsOfDeclared)];

const builtIn = (thresholds: Thresholds): Situation[] => {
  const { databaseSlowMs, errorRatePercent, cpuPercent, memoryPercent, apiTimeoutMs } = thresholds;
  const { pool } = allIsWell.database;
  const down = {
    status: "unhealthy",
    problem: "unreachable",
    response_time_ms: null,
    reason: "a drill",
    pool,
  } as const;
  const slow = { status: "degraded", response_time_ms: databaseSlowMs + 1, reason: "a drill", pool } as const;
  const late = (p95_ms: number) => ({
    performance: { requests: many, errors: 0, endpoints: [endpointOf("GET /drill", { p95_ms })] },
  });
  const allFail = { performance: { requests: many, errors: many, endpoints: [] } };
  const { system } = allIsWell;
  return [
    situation(AlertType.DATABASE_DOWN, { database: down }),
    situation(AlertType.DATABASE_SLOW, { database: slow }),
    // At 100 %, the setting switches it off.
    ...(errorRatePercent < 100 ? [situation(AlertType.HIGH_ERROR_RATE, allFail)] : []),
    situation(AlertType.HIGH_CPU, { system: { ...system, cpu_percent: cpuPercent + 1 } }),
    situation(AlertType.HIGH_MEMORY, { system: { ...system, memory_percent: memoryPercent + 1 } }),
    { ...situation(AlertType.API_TIMEOUT, late(apiTimeoutMs + 1), late(0)), key: "GET /drill" },
  ];
};

const situation = (
  type: AlertType,
  failing: Partial<Observed>,
  fine: Partial<Observed> = {},
  key = "",
): Situation => ({
  name: key === "" ? type : `${type} ${key}`,
  type,
  key,
  failing: { ...allIsWell, ...failing },
  fine: { ...allIsWell, ...fine },
});

const situationsOfDeclared = (declared: AlertDeclaration): Situation[] => {
  const { CUSTOM } = AlertType;
  switch (declared.kind) {
    case "gauge": {
      const { name, gauge, above, below = 0 } = declared;
      const [over, within] = above === undefined ? [below - 1, below] : [above + 1, above];
      const reads = (value: number) => ({ gauges: [{ name: gauge, value, unit: null }] });
      return [situation(CUSTOM, reads(over), reads(within), name)];
    }
    case "route": {
      const { name, route, p95AboveMs } = declared;
      // Its requests are no part of the sum of all: another rule would fire, too.
      const performs = (numbers: Partial<Endpoint>) => ({
        performance: { requests: 0, errors: 0, endpoints: [endpointOf(route, numbers)] },
      });
      const failing = p95AboveMs === undefined ? { errors: many } : { p95_ms: p95AboveMs + 1 };
      return [situation(CUSTOM, performs(failing), performs({}), name)];
    }
    case "objective": {
      const { name } = declared;
      const burns = (errors: number): Partial<Observed> => {
        const windows = new Map(objectiveMinutes.map((minutes) => [minutes, { requests: many, errors }]));
        return { objectives: [{ name, scope: "all instances", windows }] };
      };
      return ["fast", "slow"].map((speed) =>
        situation(CUSTOM, burns(many), burns(0), `${name} (${speed} burn)`),
      );
    }
  }
};

const endpointOf = (name: string, numbers: Partial<Endpoint>): Endpoint => {
  const [method = "", route = ""] = name.split(" ");
  return { method, route, requests: many, errors: 0, p95_ms: 0, last_error: null, ...numbers };
};
