import { useDeferredValue, useRef } from "react";
import { Redirect } from "wouter";
import { isOutside } from "../api/membership";
import { useLatest } from "../api/queries";
import { Failed, Skeleton } from "../ui/states";
import { Links, Overview } from "./views";

/**
 * The overview for those who have invitees; for other affiliates the link, which comes first. Someone
 * outside the programme may have an inviter, and nothing else.
 */
export function Home() {
  const latest = useLatest();
  const data = useDeferredValue(latest.data);
  // Another view that asks again takes the answer back to pending: the decision stays.
  const outside = useRef(false);
  if (isOutside(latest.error)) outside.current = true;
  if (data) return data.counts.invitees > 0 ? <Overview /> : <Links />;
  if (outside.current) return <Redirect to="/inviter" replace />;
  if (latest.isPending || latest.data) return <Skeleton tall lines={8} />;
  return <Failed error={latest.error} retry={() => latest.refetch()} />;
}
