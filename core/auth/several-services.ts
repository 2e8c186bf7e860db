import { setTimeout as delay } from "node:timers/promises";
import { isPosternError } from "../errors.js";
import type { AuthService } from "./service.js";

export interface SeveralServicesOptions {
  /** How long a service that could not be reached is asked after all others, in ms; 5 000 when absent. */
  readonly pauseMs?: number;
  /** How often all services are asked before a look-up fails; 3 when absent. */
  readonly rounds?: number;
  /** Wait before the second round, in ms; doubled each time. 100 when absent. */
  readonly backoffMs?: number;
  /** Milliseconds since the epoch; the clock when absent. */
  readonly now?: () => number;
}

/**
 * Auth services that share one database, the nearest first: what one knows all know. Look-ups go to the next where one
 * is away. Registrations do not: one whose answer got lost may have been made.
 */
export function severalAuthServices(
  services: readonly AuthService[],
  options: SeveralServicesOptions = {},
): AuthService {
  const { pauseMs = 5_000, rounds = 3, backoffMs = 100, now = Date.now } = options;
  const awayUntil = services.map(() => 0);

  const inOrder = (): number[] => {
    const at = now();
    const all = services.map((_, i) => i);
    return [...all.filter((i) => awayUntil[i]! <= at), ...all.filter((i) => awayUntil[i]! > at)];
  };
  const ask = async <T>(i: number, run: (service: AuthService) => Promise<T>): Promise<T> => {
    try {
      const answer = await run(services[i]!);
      awayUntil[i] = 0;
      return answer;
    } catch (error) {
      if (isPosternError(error, "unavailable")) awayUntil[i] = now() + pauseMs;
      throw error;
    }
  };
  const askAll = async <T>(run: (service: AuthService) => Promise<T>): Promise<T> => {
    for (let round = 1; ; round++) {
      for (const [position, i] of inOrder().entries()) {
        try {
          return await ask(i, run);
        } catch (error) {
          const isLast = round >= rounds && position === services.length - 1;
          if (isLast || !isPosternError(error, "unavailable")) throw error;
        }
      }
      await delay(backoffMs * 2 ** (round - 1));
    }
  };

  return {
    resolve: (accessKeyId) => askAll((service) => service.resolve(accessKeyId)),
    register: (request) => ask(inOrder()[0]!, (service) => service.register(request)),
    ping: () => askAll((service) => service.ping()),
  };
}
