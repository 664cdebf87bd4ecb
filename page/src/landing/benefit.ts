import { compare, isZero } from "../format/decimal";
import type { BenefitTexts } from "../text/benefit/en";
import type { Shared } from "./invitation";

/** Returns the invitee's benefit as a headline, or `null` where the link shares nothing. */
export function benefit(
  { spot, futures }: Shared,
  texts: BenefitTexts,
  percent: (rate: string) => string,
): string | null {
  if (isZero(spot) && isZero(futures)) return null;
  if (isZero(futures)) return texts.getSpot(percent(spot));
  if (isZero(spot)) return texts.getFutures(percent(futures));
  if (compare(spot, futures) === 0) return texts.getBoth(percent(spot));
  return texts.getEach(percent(spot), percent(futures));
}
