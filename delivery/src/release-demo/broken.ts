import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Service, SlotListening } from "@earlybird-ops/platform/service";

const confirmation = "/api/deliveries/confirm";

/** The service, except that it cannot confirm deliveries. Every journey of its smoke test succeeds: they only read. */
export const broken = (service: Service): Service => {
  const { serve } = service;
  return {
    ...service,
    ...(serve && {
      serve: (context) =>
        serve({ ...context, ...(context.slot && { slot: withoutConfirmations(context.slot) }) }),
    }),
  };
};

const withoutConfirmations = (slot: SlotListening): SlotListening => ({
  ...slot,
  attach: (server: Server) => {
    slot.attach(server);
    const emit = server.emit.bind(server);
    server.emit = (event: string, ...args: unknown[]): boolean => {
      const [request, response] = args as [IncomingMessage, ServerResponse];
      if (event !== "request" || request.method !== "POST" || request.url !== confirmation)
        return emit(event, ...args);
      request.resume();
      response.writeHead(500, { "content-type": "application/json" }).end('{"code":"EB_INTERNAL"}');
      return true;
    };
  },
});
