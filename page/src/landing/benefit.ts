import { compare, isZero } from "../format/decimal";
import type { Texts } from "../text/types";
import type { Shared } from "./invitation";

/** Returns the invitee's benefit as a headline, or `null` where the link shares nothing. */
export function benefit(
  { spot, futures }: Shared,
  texts: Texts["benefit"],
  percent: (rate: string) => string,
): string | null {
  if (isZero(spot) && isZero(futures)) return null;
  if (isZero(futures)) return texts.getSpot({ rate: percent(spot) });
  if (isZero(spot)) return texts.getFutures({ rate: percent(futures) });
  if (compare(spot, futures) === 0) return texts.getBoth({ rate: percent(spot) });
  return texts.getEach({ spot: percent(spot), futures: percent(futures) });
}
